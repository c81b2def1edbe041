/* Usage: bench_floor PATTERN COUNT THREADS
 *
 * The floor that supervisors are compared with: spawns the programs PATTERN (with %u for 0 …
 * COUNT-1) by posix_spawn(3) in bare loops, one a thread, starts each that ends again, and ends
 * with all of them on TERM. It decides, logs and watches nothing. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

static const char* pattern;
static unsigned count;
static unsigned threads;
static pid_t* pids;
static unsigned service_of[1 << 22]; /* by pid; the kernel has no larger ones */
static posix_spawnattr_t attributes;
static char* environment[] = {"PATH=/bin", NULL};

static void spawn(unsigned service) {
    char path[256];
    snprintf(path, sizeof path, pattern, service);
    char* arguments[] = {path, NULL};
    const int error = posix_spawn(&pids[service], path, NULL, &attributes, arguments, environment);
    if (error != 0) {
        errno = error;
        perror(path);
        exit(1);
    }
    service_of[pids[service]] = service;
}

static void* spawn_share(void* first) {
    for (unsigned service = (unsigned)(size_t)first; service < count; service += threads) {
        spawn(service);
    }
    return NULL;
}

static void spawn_all(void) {
    pthread_t others[64];
    for (unsigned thread = 1; thread < threads; ++thread) {
        pthread_create(&others[thread], NULL, spawn_share, (void*)(size_t)thread);
    }
    spawn_share(NULL);
    for (unsigned thread = 1; thread < threads; ++thread) {
        pthread_join(others[thread], NULL);
    }
}

static void end_all(void) {
    for (unsigned service = 0; service < count; ++service) {
        kill(pids[service], SIGTERM);
    }
    while (wait(NULL) > 0) {
    }
    exit(0);
}

/* For sigwait(3); the services start with none blocked, as under every supervisor. */
static void block_signals(sigset_t* watched) {
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    sigemptyset(watched);
    sigaddset(watched, SIGCHLD);
    sigaddset(watched, SIGTERM);
    sigprocmask(SIG_BLOCK, watched, NULL);
}

int main(int argc, char** argv) {
    if (argc != 4) {
        return 100;
    }
    pattern = argv[1];
    count = (unsigned)atoi(argv[2]);
    threads = (unsigned)atoi(argv[3]);
    pids = calloc(count, sizeof *pids);
    if (pids == NULL || threads < 1 || threads > 64) {
        return 100;
    }
    sigset_t watched;
    block_signals(&watched);
    spawn_all();
    for (;;) {
        int signal = 0;
        sigwait(&watched, &signal);
        if (signal == SIGTERM) {
            end_all();
        }
        for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;) {
            spawn(service_of[pid]);
        }
    }
}
