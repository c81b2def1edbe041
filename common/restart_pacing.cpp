#include "common/restart_pacing.h"

namespace mainstay {
namespace {

constexpr std::uint32_t kMaxCount = 1U << 30U;

Duration doubled(Duration delay, std::uint32_t times, Duration limit) noexcept {
    while (times > 0 && delay < limit) {
        delay *= 2;
        --times;
    }
    return delay < limit ? delay : limit;
}

}  // namespace

Pacing pace_restart(std::uint32_t short_runs_before, Duration lived,
                    const PacingPolicy& policy) noexcept {
    if (lived >= policy.reset_after) {
        return {0, Duration::zero()};
    }
    const std::uint32_t k = short_runs_before < kMaxCount ? short_runs_before + 1 : kMaxCount;
    if (k == 1 && lived >= kLongEnoughForAnImmediateStart) {
        return {k, Duration::zero()};
    }
    return {k, doubled(policy.delay, k - 1, policy.delay_max)};
}

}  // namespace mainstay
