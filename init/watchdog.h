/// The hardware watchdog that PID 1 keeps quiet, and that resets the machine when PID 1 hangs or a
/// shutdown does. Once it runs it is never stopped: not by an upgrade, a fault, switch_root or the
/// end, where it sees to it that there is one.
#pragma once

#include "common/unique_fd.h"
#include "init/log.h"
#include "init/watchdog_plan.h"

namespace mainstay::init {

class Watchdog {
  public:
    /// Opens the device and sets its time. What does not work is one line in the log; where the
    /// device takes another time than was asked for, that one counts.
    void start(const WatchdogSetting& setting, Log& log) noexcept;

    /// The same as parse_watchdog() reads it; where that is nothing, a line in the log.
    void start(std::string_view setting, Log& log) noexcept;

    /// Goes on with one that runs.
    void adopt(UniqueFd device, std::uint32_t seconds) noexcept;

    bool runs() const noexcept { return device_.valid(); }
    int fd() const noexcept { return device_.get(); }
    std::uint32_t seconds() const noexcept { return plan_.seconds(); }
    MonotonicTime due() const noexcept { return plan_.due(); }

    /// Tells the hardware that all is well, if it is time to.
    void pet_if_due(MonotonicTime now) noexcept;

    /// Stops it: a machine that was halted is to stay so.
    void stop() noexcept;

    /// Leaves the descriptor open to the program executed next, and a file under /run that says
    /// which it is: for switch_root.
    void hand_over(Log& log) noexcept;
    /// Takes it back where that program could not be executed.
    void take_back() noexcept;

    /// Goes on with the one that the init of the initramfs left.
    /// @returns whether there was one
    bool take_over(Log& log) noexcept;

  private:
    void pet() noexcept;

    UniqueFd device_;
    WatchdogPlan plan_;
};

}  // namespace mainstay::init
