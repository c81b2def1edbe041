#include "init/shutdown_countdown.h"

#include <catch2/catch.hpp>
#include <vector>

using mainstay::Duration;
using mainstay::init::Countdown;
using mainstay::init::kMinutesWithoutLogin;
using mainstay::init::next_time_of_day;
using mainstay::init::Quiet;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

using Minutes = std::vector<std::uint32_t>;

struct Course {
    Minutes warned;
    Minutes woken;              ///< minutes that were left at each step
    std::uint32_t refused = 0;  ///< minutes that were left when logging in was first refused
};

/// Runs a countdown whose timer goes off a bit late each time.
Course run(Duration left, Quiet quiet) {
    constexpr auto kLate = std::chrono::milliseconds(3);
    Course course;
    Countdown countdown(quiet);
    while (true) {
        const Countdown::Step step = countdown.step(left);
        if (step.is_over) {
            return course;
        }
        const auto minute = static_cast<std::uint32_t>(std::chrono::ceil<minutes>(left).count());
        course.woken.push_back(minute);
        if (step.warn) {
            CHECK(*step.warn == minute);
            course.warned.push_back(*step.warn);
        }
        if (step.refuses_logins && course.refused == 0) {
            course.refused = minute;
        }
        REQUIRE(step.next < left);
        left = step.next - kLate;
    }
}

// A wall clock two hours ahead of the epoch's, one hour from then on.
constexpr std::int64_t kWinter = 1'000'000'000;
std::int64_t summer_ends(std::int64_t epoch) {
    return (epoch + (epoch < kWinter ? 7200 : 3600)) % 86400;
}
std::int64_t summer_begins(std::int64_t epoch) {
    return (epoch + (epoch < kWinter ? 3600 : 7200)) % 86400;
}
std::int64_t plain(std::int64_t epoch) {
    return epoch % 86400;
}

}  // namespace

TEST_CASE("warnings come as sysvinit has them, and one at once", "[shutdown]") {
    CHECK(run(minutes(5), Quiet::No).warned == Minutes{5, 4, 3, 2, 1});
    CHECK(run(minutes(12), Quiet::No).warned == Minutes{12, 9, 8, 7, 6, 5, 4, 3, 2, 1});
    CHECK(run(minutes(61), Quiet::No).warned ==
          Minutes{61, 60, 45, 30, 15, 9, 8, 7, 6, 5, 4, 3, 2, 1});
    const Minutes day = run(std::chrono::hours(24), Quiet::No).warned;
    CHECK(day[0] == 1440);
    CHECK(day[1] == 1380);
    CHECK(day.size() == 22 + 4 + 3 + 9);  // to 180; 150, 120, 90, 60; 45, 30, 15; 9 to 1
}

TEST_CASE("quiet ones warn less, and refuse logins all the same", "[shutdown]") {
    const Course some = run(minutes(200), Quiet::Some);
    CHECK(some.warned == Minutes{200, 180, 120, 60, 10, 5});
    CHECK(some.refused == kMinutesWithoutLogin);
    const Course full = run(minutes(200), Quiet::Full);
    CHECK(full.warned.empty());
    CHECK(full.woken == Minutes{200, 5});
    CHECK(full.refused == kMinutesWithoutLogin);
    CHECK(run(minutes(5'999'999), Quiet::Full).woken.size() == 2);
}

TEST_CASE("seconds that are left count as a whole minute", "[shutdown]") {
    const Course course = run(seconds(130), Quiet::No);
    CHECK(course.warned == Minutes{3, 2, 1});
    CHECK(course.refused == 3);
    CHECK(run(Duration(1), Quiet::No).warned == Minutes{1});
}

TEST_CASE("nothing left is over at once", "[shutdown]") {
    Countdown countdown(Quiet::No);
    CHECK(countdown.step(Duration::zero()).is_over);
    CHECK(countdown.step(-minutes(3)).is_over);
}

TEST_CASE("a clock that leaps over warnings gives one for all", "[shutdown]") {
    Countdown countdown(Quiet::No);
    CHECK(countdown.step(minutes(100)).warn == 100U);
    CHECK(countdown.step(minutes(50)).warn == 50U);  // over 90 and 60
    const Countdown::Step early = countdown.step(minutes(47));
    CHECK_FALSE(early.warn);  // woken for nothing
    CHECK(early.next == minutes(45));
    CHECK_FALSE(early.refuses_logins);
}

TEST_CASE("a clock that is set back warns anew and lets people in again", "[shutdown]") {
    Countdown countdown(Quiet::No);
    CHECK(countdown.step(minutes(4)).refuses_logins);
    const Countdown::Step back = countdown.step(minutes(64));
    CHECK(back.warn == 64U);
    CHECK_FALSE(back.refuses_logins);
    CHECK(back.next == minutes(60));
}

TEST_CASE("a time of day is the next one", "[shutdown]") {
    CHECK(next_time_of_day(86400 * 5 + 3600, 90, plain) == 86400 * 5 + 5400);
    CHECK(next_time_of_day(86400 * 5 + 3600, 30, plain) == 86400 * 6 + 1800);
    CHECK(next_time_of_day(86400 * 5 + 5399, 90, plain) == 86400 * 5 + 5400);
    // The minute that it is now is now, until it is over.
    CHECK(next_time_of_day(86400 * 5 + 5400, 90, plain) == 86400 * 5 + 5400);
    CHECK(next_time_of_day(86400 * 5 + 5459, 90, plain) == 86400 * 5 + 5459);
    CHECK(next_time_of_day(86400 * 5 + 5460, 90, plain) == 86400 * 6 + 5400);
}

TEST_CASE("summer time that begins or ends in between is taken into account", "[shutdown]") {
    const auto clock = GENERATE(&summer_ends, &summer_begins);
    for (std::int64_t now = kWinter - 86400; now < kWinter + 86400; now += 1799) {
        for (std::uint32_t minute = 0; minute < 1440; minute += 7) {
            const std::int64_t then = next_time_of_day(now, minute, clock);
            REQUIRE(then >= now);
            REQUIRE(then <= now + 86400 + 3600);
            const std::int64_t shown = clock(then) / 60;
            // The hour that summer time leaves out is no time of any day.
            if (clock(then) / 60 != minute) {
                REQUIRE(clock == &summer_begins);
                REQUIRE((shown == minute + 60 || shown + 60 == minute));
            }
        }
    }
}
