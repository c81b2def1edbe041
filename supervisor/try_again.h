/// What must not fail for a shortage of the moment is tried again for a second. Blocks: for a start
/// only, before anybody is answered.
#pragma once

#include <poll.h>

#include "common/error.h"

namespace mainstay::supervisor {

/// @param attempt returns a Result
/// @returns the first that is a value or an error that will not pass, or the last
template <typename Attempt>
auto try_for_a_second(Attempt attempt) {
    constexpr int kMostTriesInASecond = 100;
    constexpr int kPauseMilliseconds = 10;
    auto result = attempt();
    for (int tries = 1; !result && may_pass(result.error().code) && tries < kMostTriesInASecond;
         ++tries) {
        ::poll(nullptr, 0, kPauseMilliseconds);
        result = attempt();
    }
    return result;
}

}  // namespace mainstay::supervisor
