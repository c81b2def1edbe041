/* /init of the guests that scripts/bench --boot measures: writes down when the first instruction of
 * a process ran, and becomes the init that is measured. The services count themselves in that file
 * (bench_service.c, compiled with REPORT). */
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bench_shared.h"

int main(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    const int fd = open(BENCH_SHARED_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 || ftruncate(fd, sizeof(struct bench_shared)) < 0) {
        return 1;
    }
    struct bench_shared* shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED) {
        return 1;
    }
    shared->began = time.tv_sec * 1000000000LL + time.tv_nsec;
    shared->target = BENCH_BOOT_SERVICES;
    execl("/sbin/init", "/sbin/init", (char*)NULL);
    return 1;
}
