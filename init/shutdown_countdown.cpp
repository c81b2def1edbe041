#include "init/shutdown_countdown.h"

#include <algorithm>

namespace mainstay::init {
namespace {

constexpr std::int64_t kDay = 24L * 60 * 60;
constexpr std::int64_t kMinute = 60;

std::uint32_t minutes_of(Duration left) noexcept {
    return static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::minutes>(left).count());
}

}  // namespace

bool is_warning_due(std::uint32_t minutes, Quiet quiet) noexcept {
    switch (quiet) {
        case Quiet::Full:
            return false;
        case Quiet::Some:
            return minutes == 5 || minutes == 10 || minutes % 60 == 0;
        case Quiet::No:
            break;
    }
    if (minutes < 10) {
        return true;
    }
    if (minutes < 60) {
        return minutes % 15 == 0;
    }
    return minutes % (minutes < 180 ? 30 : 60) == 0;
}

/// No two warnings are more than an hour apart, so this ends soon.
bool Countdown::has_passed_warning(std::uint32_t minutes) const noexcept {
    for (std::uint32_t passed = minutes; passed < *last_; ++passed) {
        if (is_warning_due(passed, quiet_)) {
            return true;
        }
        if (quiet_ == Quiet::Full) {
            return false;
        }
    }
    return false;
}

Duration Countdown::next_after(Duration left) const noexcept {
    std::uint32_t next = minutes_of(left) - 1;
    if (quiet_ == Quiet::Full) {
        next = next >= kMinutesWithoutLogin ? kMinutesWithoutLogin : 0;
    }
    while (next != 0 && next != kMinutesWithoutLogin && !is_warning_due(next, quiet_)) {
        --next;
    }
    return std::chrono::minutes(next);
}

Countdown::Step Countdown::step(Duration left) noexcept {
    if (left <= Duration::zero()) {
        Step over;
        over.is_over = true;
        return over;
    }
    const std::uint32_t minutes = minutes_of(left);
    const bool is_news = !last_ || minutes > *last_ || has_passed_warning(minutes);
    Step step;
    if (is_news && quiet_ != Quiet::Full) {
        step.warn = minutes;
    }
    last_ = minutes;
    step.refuses_logins = minutes <= kMinutesWithoutLogin;
    step.next = next_after(left);
    return step;
}

std::int64_t next_time_of_day(std::int64_t now, std::uint32_t minute_of_day,
                              SecondsOfDay seconds_of_day) noexcept {
    const std::int64_t wanted = minute_of_day * kMinute;
    const std::int64_t today = seconds_of_day(now);
    if (today / kMinute == minute_of_day) {
        return now;
    }
    const std::int64_t then = now + wanted - today + (wanted < today ? kDay : 0);
    // Summer time may have begun or ended until then: a clock that is ahead there is made up for.
    std::int64_t ahead = seconds_of_day(then) - wanted;
    if (ahead > kDay / 2) {
        ahead -= kDay;
    } else if (ahead < -kDay / 2) {
        ahead += kDay;
    }
    return then - ahead > now ? then - ahead : then;
}

}  // namespace mainstay::init
