/* System calls without a C library, for programs whose own start must cost next to nothing. */
#ifndef MAINSTAY_BENCH_SYSCALL_H
#define MAINSTAY_BENCH_SYSCALL_H

#include <asm/unistd.h>

#if defined(__x86_64__)
static inline long bench_syscall(long number, long a, long b, long c, long d, long e, long f) {
    register long r10 asm("r10") = d;
    register long r8 asm("r8") = e;
    register long r9 asm("r9") = f;
    asm volatile("syscall"
                 : "+a"(number)
                 : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                 : "rcx", "r11", "memory");
    return number;
}
#elif defined(__aarch64__)
static inline long bench_syscall(long number, long a, long b, long c, long d, long e, long f) {
    register long x8 asm("x8") = number;
    register long x0 asm("x0") = a;
    register long x1 asm("x1") = b;
    register long x2 asm("x2") = c;
    register long x3 asm("x3") = d;
    register long x4 asm("x4") = e;
    register long x5 asm("x5") = f;
    asm volatile("svc 0"
                 : "+r"(x0)
                 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                 : "memory");
    return x0;
}
#else
#error "bench_syscall.h knows x86-64 and aarch64 only"
#endif

#define BENCH_CALL(number, a, b, c) bench_syscall(number, (long)(a), (long)(b), (long)(c), 0, 0, 0)

#endif
