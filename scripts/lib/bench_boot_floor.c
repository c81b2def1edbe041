/* The floor of a boot: an init that mounts four file systems, spawns the services, and at
 * ctrl-alt-del ends them and resets the machine. */
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_shared.h"

static char* environment[] = {"PATH=/bin", NULL};

static void spawn_all(void) {
    sigset_t none;
    posix_spawnattr_t attributes;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    for (unsigned service = 0; service < BENCH_BOOT_SERVICES; ++service) {
        char path[64];
        pid_t pid;
        snprintf(path, sizeof path, "/etc/service/s%u/run", service);
        char* arguments[] = {path, NULL};
        posix_spawn(&pid, path, NULL, &attributes, arguments, environment);
    }
}

int main(void) {
    sigset_t interrupt;
    int received = 0;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(SIG_BLOCK, &interrupt, NULL);
    reboot(RB_DISABLE_CAD);
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sys", "/sys", "sysfs", 0, NULL);
    mount("dev", "/dev", "devtmpfs", 0, NULL);
    mount("run", "/run", "tmpfs", 0, NULL);
    spawn_all();
    sigwait(&interrupt, &received);
    kill(-1, SIGTERM);
    while (wait(NULL) > 0) {
    }
    reboot(RB_AUTOBOOT);
    return 1;
}
