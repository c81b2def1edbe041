// Does nothing until it is killed. Without a C library it has no more than a page of memory to
// itself, and starts at once: for services of which there are a thousand in an emulated machine.

extern "C" [[noreturn]] void _start() {
    for (;;) {
        long result = 34;  // SYS_pause
        asm volatile("syscall" : "+a"(result) : : "rcx", "r11", "memory");
    }
}
