/// PURE. When something that died may run again. One function for services (service.conf's
/// restart-* keys) and for inittab's respawn entries (the defaults).
///
/// k counts runs in a row that were shorter than reset_after. The first restart after a run of at
/// least a second is immediate; every other waits delay * 2^(k-1), at most delay_max.
#pragma once

#include <cstdint>

#include "common/clock.h"

namespace mainstay {

/// A run that was shorter is never followed by another at once.
inline constexpr Duration kLongEnoughForAnImmediateStart = std::chrono::seconds(1);

struct PacingPolicy {
    Duration delay = std::chrono::milliseconds(250);
    Duration delay_max = std::chrono::seconds(30);
    Duration reset_after = std::chrono::seconds(30);

    friend bool operator==(const PacingPolicy&, const PacingPolicy&) noexcept = default;
};

struct Pacing {
    std::uint32_t short_runs = 0;  ///< k above
    Duration wait{0};              ///< to be waited before the next start
};

/// @param short_runs_before k as the last call returned it, 0 for the first or after a start by
/// hand
/// @param lived how long the run that just ended lasted
Pacing pace_restart(std::uint32_t short_runs_before, Duration lived,
                    const PacingPolicy& policy) noexcept;

}  // namespace mainstay
