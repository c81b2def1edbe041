/// PURE. What a run's end means: done, failed for good, or another start, and when. The keys
/// restart, restart-delay*, restart-limit-*, success-status and permanent-failure-status of
/// service.conf.
#pragma once

#include "supervisor/service_state.h"

namespace mainstay::supervisor {

/// How a run came to its end. Nobody asked for it, or it would not be judged.
struct RunEnd {
    ExitStatus status;
    Duration lived{0};
    MonotonicTime at{};
    bool was_executed = true;
    bool finish_gave_up = false;        ///< finish ended with kFinishFailedForGood
    Failure cut_short = Failure::None;  ///< NotReady or Watchdog: ended by us for that
    std::uint8_t sent_signal = 0;       ///< the last that we sent; 0: none
};

/// What is remembered from one end to the next.
struct RestartMemory {
    std::uint32_t short_runs = 0;
    std::uint32_t restarts = 0;
    std::uint32_t limit_count = 0;
    MonotonicTime limit_since{};
};

struct RestartDecision {
    enum class Kind : std::uint8_t { Done, Failed, Restart };
    Kind kind = Kind::Restart;
    Failure why = Failure::None;  ///< of Failed
    Duration wait{0};             ///< of Restart
    RestartMemory memory;
};

/// Whether the status is one of success-status, or death by the signal that we sent,
/// KILL aside.
bool is_success(const RunEnd& end, const Policy& policy) noexcept;

/// The limit is a count in windows: the first restart opens one of restart-limit-interval, in which
/// restart-limit-count are allowed; the first restart after it opens the next.
/// @param wanted Up or Once
RestartDecision decide_restart(const RunEnd& end, const Policy& policy, Wanted wanted,
                               const RestartMemory& memory) noexcept;

}  // namespace mainstay::supervisor
