/// What happens when PID 1 itself faults (SEGV, BUS, ILL, FPE, ABRT, TRAP, SYS): a handler on a
/// stack of its own notes the cause and executes the program anew, with the state as it was last
/// written. A PID 1 that died would take the machine with it.
///
/// All the handler needs is prepared beforehand and write-protected. It makes raw system calls
/// only. In any process that is not PID 1, a child before its exec, it does nothing but end it.
#pragma once

#include "init/state_memory.h"

namespace mainstay::init {

/// Why this program was started.
enum class Start : std::uint8_t {
    Fresh,       ///< by the kernel, a container's manager or a shell
    Upgraded,    ///< in the place of another, in order
    Recovering,  ///< after a fault
};

/// What stands in the first argument of a program that goes on where another was:
/// `--resume=STATE,PROGRAM` or `--recover=STATE,PROGRAM`, both descriptors by number.
struct StartWord {
    Start start = Start::Fresh;
    int state_fd = -1;
    int program_fd = -1;  ///< to be executed in case of a fault
};
StartWord read_start_word(int argc, char** argv) noexcept;

/// Installs the handler. To be called once, before any state is read: a fault without it is the
/// kernel's panic.
/// @param argv of this process; the handler starts the next program with the same words, and with
/// the environment as it is now
void install_fault_handler(const StartWord& word, int argc, char** argv) noexcept;

/// Why the handler, or the stack that it needs for a stack that is full, is not there: an errno; 0
/// where both are.
int missing_fault_handler() noexcept;

/// Where the state is from now on, and what to execute; -1: /proc/self/exe or the program's path.
void set_recovery(int state_fd, int program_fd) noexcept;

/// The path of the program: as it was called, or where it lies.
const char* program_path() noexcept;

/// Executes @p program_fd in the place of this program.
/// @param fallback_fd what to execute if the new program faults before it has proved itself
/// @returns errno; everything is then as before
int execute_program(int program_fd, int state_fd, int fallback_fd) noexcept;

/// Closes every descriptor above 2 that is not close-on-exec. An exec from here clears that mark of
/// all of them, and whoever takes one over sets it again: what is left belongs to nobody.
void close_unclaimed() noexcept;

}  // namespace mainstay::init
