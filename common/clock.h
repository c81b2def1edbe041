/// Time as decisions see it. Deadlines use CLOCK_MONOTONIC (stands still in suspend); ages shown to
/// people use CLOCK_BOOTTIME; the wall clock is a label only. A clock that jumps changes no
/// decision.
#pragma once

#include <chrono>

namespace mainstay {

using Duration = std::chrono::nanoseconds;

/// A clock tag for points on CLOCK_MONOTONIC. Not a std clock: nothing calls now() by accident in a
/// pure file; the edge asks monotonic_now().
struct MonotonicTag {
    using duration = Duration;
};
using MonotonicTime = std::chrono::time_point<MonotonicTag>;

/// clock_gettime(CLOCK_MONOTONIC).
MonotonicTime monotonic_now() noexcept;

/// poll(2)'s timeout in milliseconds: rounded up, so that a timer is never polled for early, and an
/// hour at most; -1 where @p then is MonotonicTime::max().
int poll_timeout(MonotonicTime then, MonotonicTime now) noexcept;

/// Time since boot including suspend (CLOCK_BOOTTIME): for ages.
Duration boottime_now() noexcept;

}  // namespace mainstay
