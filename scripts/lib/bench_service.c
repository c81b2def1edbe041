/* The service that every supervisor runs in a measurement: says that it runs (bench_shared.h) and
 * then waits for the signal that ends it. It has no C library, so that what is measured is the
 * supervisor. With LOGGER defined it reads its standard input to the end instead of waiting; it
 * counts itself as running, but leaves no pid, as nobody is to kill it. With REPORT defined the one
 * that completes the number says on the serial console how long that took since `began`. */
#include <asm/mman.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/time.h>

#include "bench_shared.h"
#include "bench_syscall.h"

enum { ReadWrite = PROT_READ | PROT_WRITE, ManyWaiters = 1000000 };

#ifdef REPORT
static void report(int64_t nanoseconds) {
    static char line[] = "\nbench: 00000000000000000000 ns\n";
    char* digit = line + sizeof "\nbench: 00000000000000000000" - 2;
    for (; nanoseconds > 0; nanoseconds /= 10) {
        *digit-- = (char)('0' + nanoseconds % 10);
    }
    const long console =
        BENCH_CALL(__NR_openat, AT_FDCWD, "/dev/ttyS0", O_WRONLY | O_NOCTTY | O_CLOEXEC);
    BENCH_CALL(__NR_write, console, line, sizeof line - 1);
}
#endif

static void announce(struct bench_shared* shared) {
    struct timespec now;
    BENCH_CALL(__NR_clock_gettime, CLOCK_MONOTONIC, &now, 0);
    shared->reached = now.tv_sec * 1000000000LL + now.tv_nsec;
    __atomic_store_n(&shared->done, 1, __ATOMIC_RELEASE);
    BENCH_CALL(__NR_futex, &shared->done, FUTEX_WAKE, ManyWaiters);
#ifdef REPORT
    report(shared->reached - shared->began);
#endif
}

static void count_oneself(void) {
    const long fd = BENCH_CALL(__NR_openat, AT_FDCWD, BENCH_SHARED_FILE, O_RDWR | O_CLOEXEC);
    const long memory =
        bench_syscall(__NR_mmap, 0, sizeof(struct bench_shared), ReadWrite, MAP_SHARED, fd, 0);
    if (fd < 0 || memory < 0) {
        BENCH_CALL(__NR_exit_group, 111, 0, 0);
    }
    BENCH_CALL(__NR_close, fd, 0, 0);
    struct bench_shared* shared = (struct bench_shared*)memory;
#ifndef LOGGER
    const uint32_t place = __atomic_fetch_add(&shared->started, 1, __ATOMIC_RELAXED);
    shared->pids[place % BENCH_PIDS] = (uint32_t)BENCH_CALL(__NR_getpid, 0, 0, 0);
#endif
    const uint32_t running = __atomic_add_fetch(&shared->running, 1, __ATOMIC_ACQ_REL);
    if (running == __atomic_load_n(&shared->target, __ATOMIC_ACQUIRE)) {
        announce(shared);
    }
}

__attribute__((noreturn)) void _start(void) {
    count_oneself();
#ifdef LOGGER
    static char lines[4096];
    while (BENCH_CALL(__NR_read, 0, lines, sizeof lines) > 0) {
    }
    BENCH_CALL(__NR_exit_group, 0, 0, 0);
#endif
    for (;;) {
        bench_syscall(__NR_ppoll, 0, 0, 0, 0, 0, 0);
    }
}
