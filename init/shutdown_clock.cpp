#include "init/shutdown_clock.h"

#include <sys/timerfd.h>

#include <ctime>

namespace mainstay::init {
namespace {

Duration read_clock(clockid_t clock) noexcept {
    timespec time{};
    (void)::clock_gettime(clock, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::int64_t local_second_of_day(std::int64_t epoch) noexcept {
    const auto time = static_cast<std::time_t>(epoch);
    std::tm local{};
    (void)::localtime_r(&time, &local);
    return (local.tm_hour * 60L + local.tm_min) * 60L + local.tm_sec;
}

std::int64_t whole_seconds(Duration time) noexcept {
    return std::chrono::floor<std::chrono::seconds>(time).count();
}

}  // namespace

ShutdownClock::ShutdownClock(const ShutdownTime& time) noexcept
    : clock_(time.kind == ShutdownTime::Kind::At ? CLOCK_REALTIME : CLOCK_BOOTTIME) {
    const Duration start = now();
    if (time.kind == ShutdownTime::Kind::After) {
        due_ = start + std::chrono::minutes(time.minutes);
        return;
    }
    due_ = std::chrono::seconds(
        next_time_of_day(whole_seconds(start), time.minutes, local_second_of_day));
}

Duration ShutdownClock::now() const noexcept {
    return read_clock(clock_);
}

Duration ShutdownClock::left() const noexcept {
    return due_ - now();
}

std::int64_t ShutdownClock::due_second_of_day() const noexcept {
    return local_second_of_day(whole_seconds(read_clock(CLOCK_REALTIME) + left()));
}

Result<UniqueFd> ShutdownClock::timer_for(Duration left) const noexcept {
    UniqueFd timer(::timerfd_create(clock_, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!timer.valid()) {
        return last_error("timerfd_create");
    }
    const Duration at = due_ - left;
    itimerspec setting{};
    setting.it_value.tv_sec = whole_seconds(at);
    setting.it_value.tv_nsec = (at - std::chrono::seconds(setting.it_value.tv_sec)).count();
    const int flags = TFD_TIMER_ABSTIME | (clock_ == CLOCK_REALTIME ? TFD_TIMER_CANCEL_ON_SET : 0);
    if (::timerfd_settime(timer.get(), flags, &setting, nullptr) != 0) {
        return last_error("timerfd_settime");
    }
    return timer;
}

}  // namespace mainstay::init
