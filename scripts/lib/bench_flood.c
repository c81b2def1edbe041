/* Usage: bench_flood [LOGGER [ARGUMENT…]]
 *
 * Writes lines of 100 bytes as fast as they are taken, to LOGGER or, without one, to its standard
 * output, and writes down when it began and when the last was taken (bench_shared.h). What a pipe
 * still holds then is nothing beside the whole. Then it waits to be ended. */
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench_shared.h"

enum { kLine = 100, kLinesPerWrite = 40 /* what stdio would write at once */ };

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int to_logger(char** arguments) {
    int ends[2];
    pid_t pid;
    posix_spawn_file_actions_t files;
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return -1;
    }
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, ends[0], 0);
    return posix_spawn(&pid, arguments[0], &files, NULL, arguments, environ) == 0 ? ends[1] : -1;
}

static int flood(int output) {
    char lines[kLine * kLinesPerWrite];
    memset(lines, 'x', sizeof lines);
    for (int line = 1; line <= kLinesPerWrite; ++line) {
        lines[line * kLine - 1] = '\n';
    }
    for (int64_t left = BENCH_FLOOD_BYTES; left > 0;) {
        const ssize_t written = write(output, lines, sizeof lines);
        if (written <= 0) {
            return -1;
        }
        left -= written;
    }
    return 0;
}

int main(int argc, char** argv) {
    const int fd = open(BENCH_SHARED_FILE, O_RDWR | O_CLOEXEC);
    struct bench_shared* shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    const int output = argc > 1 ? to_logger(argv + 1) : 1;
    if (shared == MAP_FAILED || output < 0) {
        return 1;
    }
    const int64_t began = now();
    if (flood(output) < 0) {
        return 1;
    }
    shared->reached = now() - began;
    __atomic_store_n(&shared->done, 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, &shared->done, FUTEX_WAKE, 1, NULL, NULL, 0);
    for (;;) {
        pause();
    }
}
