#include "common/nearest.h"

#include <array>
#include <catch2/catch.hpp>
#include <string>

using mainstay::nearest_word;

TEST_CASE("a misspelt word finds its neighbour", "[nearest]") {
    constexpr std::array<std::string_view, 4> kKnown{"respawn", "restart", "once", "wait"};
    CHECK(nearest_word("respwan", kKnown) == "respawn");
    CHECK(nearest_word("respaw", kKnown) == "respawn");
    CHECK(nearest_word("onec", kKnown) == "once");
    CHECK(nearest_word("restrat", kKnown) == "restart");
    CHECK(nearest_word("", kKnown).empty());
    CHECK(nearest_word("bootchart", kKnown).empty());
    CHECK(nearest_word(std::string(1000, 'x'), kKnown).empty());
    constexpr std::array<std::string_view, 2> kCommands{"status", "up"};
    CHECK(nearest_word("statsu", kCommands) == "status");
    CHECK(nearest_word("pu", kCommands) == "up");
    CHECK(nearest_word("kill", kCommands).empty());
    CHECK(nearest_word("status", {}).empty());
}
