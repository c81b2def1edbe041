/// Forking children that start with what PID 1 itself was born with: no blocked signals, the
/// original descriptor limit.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <csignal>

#include "common/result.h"

namespace mainstay::init {

/// The limits PID 1 was born with. It raises its own limit of descriptors; its children get this
/// one.
class BirthLimits {
  public:
    /// Remembers RLIMIT_NOFILE and raises it: to fs.nr_open where permitted, else to the hard
    /// limit.
    void take_and_raise() noexcept;
    /// The same where the limits are known from a program that was PID 1 before.
    void adopt(const rlimit& nofile) noexcept;
    void restore() const noexcept;
    const rlimit& nofile() const noexcept { return nofile_; }

  private:
    rlimit nofile_{};
    bool taken_ = false;
};

/// fork(2). In the child signals are unblocked and @p limits restored before this returns 0.
/// @param born where the kernel is to write the child's pid before its first instruction; or none
/// @returns the pid in the parent, 0 in the child; EAGAIN or ENOMEM where the kernel has no room.
Result<pid_t> fork_child(const BirthLimits& limits, pid_t* born = nullptr) noexcept;

/// What reports a fault of a process's own program.
inline constexpr std::array kFaultSignals{SIGSEGV, SIGBUS,  SIGILL, SIGFPE,
                                          SIGABRT, SIGTRAP, SIGSYS};

/// Blocks all signals in the calling process but the fault signals, whose blocking would make the
/// kernel kill it without a word (PID 1: panic).
void block_signals() noexcept;

}  // namespace mainstay::init
