/* What must not be measured by an interpreter: the moments at which something is asked for and has
 * happened. A library that bench_inside.py loads, which is the first process of a namespace.
 * Times are nanoseconds of CLOCK_MONOTONIC; -1 is a failure. A caught signal ends each wait in
 * failure: that is how the caller, by alarm(2), gives up. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench_shared.h"

static struct bench_shared* shared;
static pid_t supervisor;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* spawn ARGUMENTS: with standard input from /dev/null and the two outputs to OUTPUT. */
static pid_t spawn(char* const* arguments, char* const* environment, const char* output) {
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0644);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    pid_t pid = -1;
    errno = posix_spawn(&pid, arguments[0], &files, NULL, arguments, environment);
    posix_spawn_file_actions_destroy(&files);
    return errno == 0 ? pid : -1;
}

/* Makes the shared page. To be called first. */
int64_t stopwatch_open(void) {
    const int fd = open(BENCH_SHARED_FILE, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || ftruncate(fd, sizeof *shared) < 0) {
        return -1;
    }
    void* memory = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    shared = memory;
    return memory == MAP_FAILED ? -1 : 0;
}

struct bench_shared* stopwatch_shared(void) {
    return shared;
}

static void expect(unsigned more) {
    shared->done = 0;
    shared->target = __atomic_load_n(&shared->running, __ATOMIC_ACQUIRE) + more;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Waits for the service that completes the number, or for the end of the supervisor. */
static int64_t wait_for_target(void) {
    const struct timespec second = {1, 0};
    while (__atomic_load_n(&shared->done, __ATOMIC_ACQUIRE) == 0) {
        const long result = syscall(SYS_futex, &shared->done, FUTEX_WAIT, 0, &second, NULL, 0);
        const int is_over = result < 0 && errno == ETIMEDOUT
                                ? waitpid(supervisor, NULL, WNOHANG) == supervisor
                                : result < 0 && errno == EINTR;
        if (is_over) {
            return -1;
        }
    }
    return shared->reached;
}

/* From the start of the supervisor until COUNT services run. Its messages go to OUTPUT. */
int64_t stopwatch_start(char* const* arguments, char* const* environment, const char* output,
                        unsigned count) {
    expect(count);
    const int64_t began = now();
    supervisor = spawn(arguments, environment, output);
    const int64_t reached = supervisor < 0 ? -1 : wait_for_target();
    return reached < 0 ? -1 : reached - began;
}

/* How long the flood of bench_flood.c takes, which COMMAND has some logger read. */
int64_t stopwatch_flood(char* const* arguments, char* const* environment, const char* output) {
    expect(1);
    supervisor = spawn(arguments, environment, output);
    return supervisor < 0 ? -1 : wait_for_target();
}

/* From the death of the services in places FIRST … FIRST+COUNT-1 until as many run again. */
int64_t stopwatch_kill(unsigned first, unsigned count) {
    expect(count);
    const int64_t began = now();
    for (unsigned place = first; place < first + count; ++place) {
        kill((pid_t)shared->pids[place], SIGKILL);
    }
    const int64_t reached = wait_for_target();
    return reached < 0 ? -1 : reached - began;
}

/* From SIGNAL to the supervisor until no process of the namespace is left but this one. */
int64_t stopwatch_stop(int signal) {
    const int64_t began = now();
    kill(supervisor, signal);
    while (wait(NULL) > 0) {
    }
    return errno == ECHILD ? now() - began : -1;
}

/* How long a command takes as a whole; its output is thrown away. @returns -1 if it fails. */
int64_t stopwatch_command(char* const* arguments, char* const* environment) {
    int status = -1;
    const int64_t began = now();
    const pid_t pid = spawn(arguments, environment, "/dev/null");
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        return -1;
    }
    return now() - began;
}
