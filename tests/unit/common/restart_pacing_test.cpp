#include "common/restart_pacing.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using mainstay::pace_restart;
using mainstay::PacingPolicy;

TEST_CASE("the first restart after a run of a second is immediate", "[pacing]") {
    const auto paced = pace_restart(0, 1s, PacingPolicy{});
    CHECK(paced.wait == 0s);
    CHECK(paced.short_runs == 1);
}

TEST_CASE("runs that die at once wait twice as long each time, up to the limit", "[pacing]") {
    const PacingPolicy policy;
    std::uint32_t k = 0;
    for (const mainstay::Duration expected :
         {mainstay::Duration(250ms), mainstay::Duration(500ms), mainstay::Duration(1s),
          mainstay::Duration(2s), mainstay::Duration(4s), mainstay::Duration(8s),
          mainstay::Duration(16s), mainstay::Duration(30s), mainstay::Duration(30s)}) {
        const auto paced = pace_restart(k, 10ms, policy);
        CHECK(paced.wait == expected);
        k = paced.short_runs;
    }
    CHECK(k == 9);
}

TEST_CASE("a second short run waits even if it lived a second", "[pacing]") {
    CHECK(pace_restart(1, 2s, PacingPolicy{}).wait == 500ms);
}

TEST_CASE("a healthy run forgets the past", "[pacing]") {
    const auto paced = pace_restart(1000, 30s, PacingPolicy{});
    CHECK(paced.wait == 0s);
    CHECK(paced.short_runs == 0);
}

TEST_CASE("a count that grew for years does not overflow", "[pacing]") {
    const auto paced = pace_restart(0xffffffffU, 0s, PacingPolicy{});
    CHECK(paced.wait == 30s);
    CHECK(pace_restart(paced.short_runs, 0s, PacingPolicy{}).short_runs == paced.short_runs);
}

TEST_CASE("no delay means no delay, however often", "[pacing]") {
    CHECK(pace_restart(50, 0s, PacingPolicy{0s, 30s, 30s}).wait == 0s);
}

TEST_CASE("policies differ by each of their three durations", "[pacing]") {
    CHECK(PacingPolicy{} == PacingPolicy{250ms, 30s, 30s});
    CHECK_FALSE(PacingPolicy{} == PacingPolicy{251ms, 30s, 30s});
    CHECK_FALSE(PacingPolicy{} == PacingPolicy{250ms, 31s, 30s});
    CHECK_FALSE(PacingPolicy{} == PacingPolicy{250ms, 30s, 31s});
}
