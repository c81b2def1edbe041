#include "init/watchdog_plan.h"

#include <catch2/catch.hpp>

using namespace mainstay::init;  // NOLINT: every name of the plan under test
using mainstay::MonotonicTime;
using std::chrono::seconds;

namespace {

constexpr MonotonicTime kStart{std::chrono::hours(1)};

}  // namespace

TEST_CASE("a watchdog is a device and the seconds it waits", "[watchdog]") {
    CHECK(parse_watchdog("/dev/watchdog,30") == WatchdogSetting{{"/dev/watchdog"}, 30});
    CHECK(parse_watchdog("/dev/watchdog0,3600") == WatchdogSetting{{"/dev/watchdog0"}, 3600});
    CHECK(parse_watchdog("/dev/watchdog") == WatchdogSetting{{"/dev/watchdog"}, kWatchdogSeconds});
}

TEST_CASE("what is no watchdog is refused", "[watchdog]") {
    const char* const text =
        GENERATE("", ",", "30", "/dev/", "/dev/,30", "watchdog,30", "/etc/passwd,30",
                 "/dev/../etc/passwd,30", "/dev/watchdog,", "/dev/watchdog,0", "/dev/watchdog,-1",
                 "/dev/watchdog,3601", "/dev/watchdog,30s", "/dev/watchdog,30,40",
                 "/dev/watchdog,99999999999999999999",
                 "/dev/a-name-that-is-longer-than-any-device-of-this-kind-has-ever-been-called,30");
    INFO(text);
    CHECK_FALSE(parse_watchdog(text));
}

TEST_CASE("it is told three times in the time it waits", "[watchdog]") {
    WatchdogPlan plan;
    plan.begin(30, kStart);
    CHECK(plan.due() == kStart + seconds(10));
    CHECK_FALSE(plan.take(kStart + seconds(9)));
    CHECK(plan.take(kStart + seconds(10)));
    CHECK(plan.due() == kStart + seconds(20));
    // Late once: counted from there, not made up for.
    CHECK(plan.take(kStart + seconds(25)));
    CHECK(plan.due() == kStart + seconds(35));
    CHECK_FALSE(plan.take(kStart + seconds(25)));
}

TEST_CASE("the shortest is told every third of a second", "[watchdog]") {
    WatchdogPlan plan;
    plan.begin(1, kStart);
    CHECK(plan.due() > kStart);
    CHECK(plan.due() < kStart + std::chrono::milliseconds(334));
}

TEST_CASE("without a watchdog nothing is ever due", "[watchdog]") {
    WatchdogPlan plan;
    CHECK(plan.due() == MonotonicTime::max());
    plan.begin(0, kStart);
    CHECK(plan.due() == MonotonicTime::max());
    CHECK_FALSE(plan.take(kStart + std::chrono::hours(1000)));
}
