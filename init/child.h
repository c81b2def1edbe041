/// Forking children that start with what PID 1 itself was born with: no blocked signals, the
/// original descriptor limit.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include "common/result.h"

namespace mainstay::init {

/// The limits PID 1 was born with. It raises its own limit of descriptors; its children get this
/// one.
class BirthLimits {
  public:
    /// Remembers RLIMIT_NOFILE and raises it: to fs.nr_open where permitted, else to the hard
    /// limit.
    void take_and_raise() noexcept;
    void restore() const noexcept;

  private:
    rlimit nofile_{};
    bool taken_ = false;
};

/// fork(2). In the child signals are unblocked and @p limits restored before this returns 0.
/// @returns the pid in the parent, 0 in the child; EAGAIN or ENOMEM where the kernel has no room.
Result<pid_t> fork_child(const BirthLimits& limits) noexcept;

/// Blocks all signals in the calling process but those that report a fault of its own program,
/// whose blocking would make the kernel kill it without a word (PID 1: panic).
void block_signals() noexcept;

}  // namespace mainstay::init
