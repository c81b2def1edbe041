#include "common/clock.h"

#include <algorithm>
#include <ctime>

namespace mainstay {
namespace {

Duration read_clock(clockid_t clock) noexcept {
    timespec now{};
    ::clock_gettime(clock, &now);  // cannot fail for the clocks used here (clock_gettime(2))
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

MonotonicTime monotonic_now() noexcept {
    return MonotonicTime(read_clock(CLOCK_MONOTONIC));
}

int poll_timeout(MonotonicTime then, MonotonicTime now) noexcept {
    if (then == MonotonicTime::max()) {
        return -1;
    }
    if (then <= now) {
        return 0;
    }
    constexpr auto kLongest = std::chrono::hours(1);
    const auto wait = std::min<Duration>(then - now, kLongest);
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
}

Duration boottime_now() noexcept {
    return read_clock(CLOCK_BOOTTIME);
}

}  // namespace mainstay
