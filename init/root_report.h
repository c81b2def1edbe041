/// What the root worker tells PID 1 through their pipe: reports as they are in memory, one after
/// the other, of which one that is_last() ends the work.
#pragma once

#include <cstdint>

#include "init/cause.h"
#include "init/cmdline.h"

namespace mainstay::init {

struct RootReport {
    enum class Outcome : std::uint8_t {
        Failed,
        Ready,     ///< everything is mounted on kNewRoot
        Break,     ///< stopped at break_point, as the command line says
        Reboot,    ///< fsck asks for it
        Checking,  ///< fsck runs, which has all the time it needs
        Checked,
    };

    Outcome outcome = Outcome::Failed;
    Cause cause;                 ///< of a failure or a reboot
    FixedString<256> init_path;  ///< to be executed after switch_root
    BreakPoint break_point = BreakPoint::Switch;
};

inline bool is_last(RootReport::Outcome outcome) noexcept {
    return outcome != RootReport::Outcome::Checking && outcome != RootReport::Outcome::Checked;
}

/// The worker's end of the pipe, borrowed.
class ReportPipe {
  public:
    explicit ReportPipe(int fd) noexcept : fd_(fd) {}
    void tell(const RootReport& report) const noexcept;

  private:
    int fd_;
};

}  // namespace mainstay::init
