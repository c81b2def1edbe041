/* The memory in which the services of a measurement say that they run. It is a file below /run of
 * the namespace that a measurement runs in; every service maps it. Nothing polls: whoever measures
 * sets `target`, and the service that makes `running` reach it writes down when, and wakes. */
#ifndef MAINSTAY_BENCH_SHARED_H
#define MAINSTAY_BENCH_SHARED_H

#include <stdint.h>

#ifndef BENCH_SHARED_FILE
#define BENCH_SHARED_FILE "/run/shared"
#endif
/* Starts that are remembered by pid; later ones take the places of the first. */
#define BENCH_PIDS 16384
/* How much is written in a measurement of loggers, and as much is dropped again by rotation. */
#define BENCH_FLOOD_BYTES 400000000LL
#define BENCH_BOOT_SERVICES 100

struct bench_shared {
    uint32_t started; /* gives each service its place in pids */
    uint32_t running; /* those whose pid is in its place */
    uint32_t target;
    uint32_t done;   /* a futex: 1 since running reached target */
    int64_t reached; /* CLOCK_MONOTONIC of that moment in ns; of a flood, how long it took */
    int64_t began;   /* of a boot: when PID 1 ran its first instruction */
    uint32_t pids[BENCH_PIDS];
};

#endif
