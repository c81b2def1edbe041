/// The child that makes the root file system ready while PID 1 keeps watch: loads modules, waits
/// for the device, mounts it on kNewRoot, and looks for an init on it. Whatever can block or parses
/// foreign bytes happens in here.
#pragma once

#include "common/fixed.h"
#include "init/cause.h"
#include "init/child.h"
#include "init/cmdline.h"
#include "init/log.h"

namespace mainstay::init {

/// What the child reports through its pipe, once.
struct RootReport {
    bool ready = false;
    Cause cause;                 ///< of the failure, a sentence for a person
    FixedString<256> init_path;  ///< to be executed after switch_root
};

class RootWorker {
  public:
    /// Forks the child. @returns an error where there is no room for it
    Result<void> start(const Cmdline& cmdline, Log& log, const BirthLimits& limits) noexcept;

    pid_t pid() const noexcept { return pid_; }

    /// To be called when the child was reaped: what it reported, or that it died without a word.
    RootReport finish() noexcept;

    /// Kills a child that takes too long; it is still to be reaped.
    void kill() const noexcept;

  private:
    pid_t pid_ = 0;
    UniqueFd report_;
};

}  // namespace mainstay::init
