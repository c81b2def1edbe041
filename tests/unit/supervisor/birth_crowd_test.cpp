#include "supervisor/birth_crowd.h"

#include <catch2/catch.hpp>
#include <vector>

#include "fakes/fake_clock.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::fakes;

namespace {

struct Crowd {
    FakeClock clock;
    int calls = 0;
    BirthCrowd crowd{clock, [this] { ++calls; }};
    std::vector<std::uint32_t> births;

    void fill() {
        while (!crowd.is_full()) {
            births.push_back(crowd.begin());
        }
    }
    void end_one() {
        crowd.end(births.back());
        births.pop_back();
    }
};

}  // namespace

TEST_CASE("a crowd says when there is room again", "[birth_crowd]") {
    Crowd test;
    test.fill();
    CHECK(test.births.size() == BirthCrowd::kMost);
    CHECK(test.calls == 0);
    test.end_one();
    CHECK_FALSE(test.crowd.is_full());
    CHECK(test.calls == 1);
    test.end_one();
    CHECK(test.calls == 1);
}

TEST_CASE("births that hang make room for others", "[birth_crowd]") {
    Crowd test;
    test.fill();
    test.clock.advance(BirthCrowd::kPatience - 1ms);
    CHECK(test.crowd.is_full());
    SECTION("when none of them has ended for a while") {
        test.clock.advance(1ms);
        CHECK_FALSE(test.crowd.is_full());
        CHECK(test.calls == 1);
    }
    SECTION("and not before") {
        test.end_one();
        test.fill();
        test.clock.advance(1ms);
        CHECK(test.crowd.is_full());
        test.clock.advance(BirthCrowd::kPatience);
        CHECK_FALSE(test.crowd.is_full());
    }
    SECTION("and are not counted when they end after all") {
        test.clock.advance(1ms);
        const auto late = std::exchange(test.births, {});
        test.fill();
        for (const auto birth : late) {
            test.crowd.end(birth);
        }
        CHECK(test.crowd.is_full());
        CHECK(test.births.size() == BirthCrowd::kMost);
    }
}

TEST_CASE("a crowd that is not full sets no timer", "[birth_crowd]") {
    Crowd test;
    test.births.push_back(test.crowd.begin());
    test.end_one();
    CHECK(test.clock.armed() == 0);
}
