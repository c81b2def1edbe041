/// How another program comes into PID 1's place: copied into memory (common/program_memory) and
/// tested there before it is executed.
#pragma once

#include "common/clock.h"
#include "common/exit_status.h"
#include "init/child.h"
#include "init/log.h"

namespace mainstay::init {

/// The way of a new program into the place of PID 1: a child copies the file and executes the copy
/// with --self-test. What does not answer as this program does is never executed as PID 1: an exec
/// that fails late, or a program that ends, would be the end of the machine.
class ProgramUpgrade {
  public:
    /// Starts the child. @p path is the program's.
    Result<void> start(const char* path, Log& log, const BirthLimits& limits) noexcept;

    bool runs() const noexcept { return pid_ != 0; }
    pid_t pid() const noexcept { return pid_; }
    /// When it counts as hanging.
    MonotonicTime deadline() const noexcept { return deadline_; }
    void kill_child() noexcept;

    /// To be called when the child was reaped.
    /// @returns the program to execute; nothing after saying why not
    UniqueFd finish(const ExitStatus& status, const char* path, Log& log) noexcept;

  private:
    pid_t pid_ = 0;
    MonotonicTime deadline_{};
    UniqueFd memory_;
    UniqueFd answer_;
};

}  // namespace mainstay::init
