/// PURE. Whether a service has got where a verb wanted it.
#pragma once

#include "common/protocol.h"
#include "supervisor/service_state.h"

namespace mainstay::supervisor {

/// A service that tells nobody when it is ready counts as up once it has lived this long.
inline constexpr Duration kLongEnoughToCount = std::chrono::milliseconds(100);

struct VerbOutcome {
    enum class Kind : std::uint8_t {
        Pending,     ///< on its way
        NeedsTime,   ///< there, if it is still there after `remaining`
        Arrived,     ///< it is where it was wanted
        Failed,      ///< it tried and did not get there
        Superseded,  ///< somebody wanted something else meanwhile
    };
    Kind kind = Kind::Pending;
    Duration remaining{0};

    friend bool operator==(const VerbOutcome&, const VerbOutcome&) noexcept = default;
};

/// @param snapshot as it is after the verb's event was handled, or later
/// @param lived how long the program has been running; means something in ready only
VerbOutcome judge(protocol::Verb verb, const Snapshot& snapshot, const Policy& policy,
                  Duration lived) noexcept;

/// Whether a service is where somebody waits for it to be, whoever brings it there.
enum class GoalOutcome : std::uint8_t {
    Pending,
    Reached,
    Unreachable,  ///< it failed for good
};

/// @param goal Ready, Up or Down
GoalOutcome judge(protocol::Goal goal, const Snapshot& snapshot) noexcept;

}  // namespace mainstay::supervisor
