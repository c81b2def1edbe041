/// PURE. The time before a shutdown: when people are warned, from when on nobody logs in any more,
/// and when the time has come. The warnings are sysvinit's: each minute of the last ten, each
/// quarter of an hour in the last hour, each half hour in the last three, then each hour.
///
/// What is left is the only time in here. It may grow, where it is told by a wall clock that is set
/// back, and may leap over warnings; one is then given for all that were missed.
#pragma once

#include <cstdint>
#include <optional>

#include "common/clock.h"

namespace mainstay::init {

enum class Quiet : std::uint8_t {
    No,
    Some,  ///< each hour, 10 and 5 minutes before
    Full,  ///< when it happens, and not before
};

/// Logging in is refused from so many minutes before on.
inline constexpr std::uint32_t kMinutesWithoutLogin = 5;

/// Whether a warning is due @p minutes before.
bool is_warning_due(std::uint32_t minutes, Quiet quiet) noexcept;

class Countdown {
  public:
    explicit Countdown(Quiet quiet) noexcept : quiet_(quiet) {}

    struct Step {
        bool is_over = false;
        std::optional<std::uint32_t> warn;  ///< people, of so many minutes
        bool refuses_logins = false;
        Duration next{};  ///< what is left when the next step is due
    };

    /// The first step warns at once, but for Quiet::Full.
    Step step(Duration left) noexcept;

  private:
    bool has_passed_warning(std::uint32_t minutes) const noexcept;
    Duration next_after(Duration left) const noexcept;

    Quiet quiet_;
    std::optional<std::uint32_t> last_;  ///< minutes at the step before
};

/// Seconds since midnight by the wall clock at a time of the epoch.
using SecondsOfDay = std::int64_t (*)(std::int64_t);

/// When it is @p minute_of_day next after @p now, both in seconds of the epoch; @p now itself
/// where it is that minute. A change to or from summer time in between is taken into account.
std::int64_t next_time_of_day(std::int64_t now, std::uint32_t minute_of_day,
                              SecondsOfDay seconds_of_day) noexcept;

}  // namespace mainstay::init
