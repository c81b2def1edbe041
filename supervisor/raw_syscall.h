/// System calls without libc: no errno (a child that shares memory with its parent shares that
/// too), no cancellation points, no PLT. Results are as the kernel gives them: below zero is
/// -errno.
#pragma once

#include <cstdint>

namespace mainstay::supervisor {

#if defined(__x86_64__)
/// clone3 on a stack of its own is known how to be done here; elsewhere spawn uses fork.
inline constexpr bool kHasRawClone = true;

inline long raw_syscall(long number, long a = 0, long b = 0, long c = 0, long d = 0,
                        long e = 0) noexcept {
    long result = number;
    register long r10 asm("r10") = d;
    register long r8 asm("r8") = e;
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                 : "rcx", "r11", "memory");
    return result;
}
#else
inline constexpr bool kHasRawClone = false;

long raw_syscall(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) noexcept;
#endif

inline long raw_pointer(const void* pointer) noexcept {
    return static_cast<long>(reinterpret_cast<std::intptr_t>(pointer));
}

}  // namespace mainstay::supervisor
