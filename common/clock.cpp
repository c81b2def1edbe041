#include "common/clock.h"

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

Duration boottime_now() noexcept {
    return read_clock(CLOCK_BOOTTIME);
}

}  // namespace mainstay
