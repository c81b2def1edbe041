/// The child that makes the root file system ready while PID 1 keeps watch. Whatever can block or
/// parses foreign bytes happens in there, see root_finder.h.
#pragma once

#include "common/unique_fd.h"
#include "init/child.h"
#include "init/cmdline.h"
#include "init/log.h"
#include "init/root_report.h"

namespace mainstay::init {

class RootWorker {
  public:
    /// Forks the child.
    /// @param passed where it shall not stop again
    /// @returns an error where there is no room for it
    Result<void> start(const Cmdline& cmdline, const BreakPoints& passed, Log& log,
                       const BirthLimits& limits) noexcept;

    pid_t pid() const noexcept { return pid_; }

    /// Readable when hear() is to be called; -1 when there is nothing more to be heard.
    int fd() const noexcept { return report_.get(); }

    enum class Heard : std::uint8_t { Nothing, Checking, Checked };
    Heard hear() noexcept;

    /// To be called when the child was reaped: what it reported, or that it died without a word.
    RootReport finish() noexcept;

    /// Kills a child that takes too long; it is still to be reaped.
    void kill() const noexcept;

  private:
    bool take_report(RootReport& report) noexcept;

    pid_t pid_ = 0;
    UniqueFd report_;
    RootReport last_;
};

}  // namespace mainstay::init
