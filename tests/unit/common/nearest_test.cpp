#include "common/nearest.h"

#include <array>
#include <catch2/catch.hpp>
#include <string>

using mainstay::nearest_word;

TEST_CASE("a misspelt word finds its neighbour", "[nearest]") {
    constexpr std::array<std::string_view, 4> known{"respawn", "restart", "once", "wait"};
    CHECK(nearest_word("respwan", known) == "respawn");
    CHECK(nearest_word("respaw", known) == "respawn");
    CHECK(nearest_word("onec", known) == "once");
    CHECK(nearest_word("restrat", known) == "restart");
    CHECK(nearest_word("", known).empty());
    CHECK(nearest_word("bootchart", known).empty());
    CHECK(nearest_word(std::string(1000, 'x'), known).empty());
    constexpr std::array<std::string_view, 2> commands{"status", "up"};
    CHECK(nearest_word("statsu", commands) == "status");
    CHECK(nearest_word("pu", commands) == "up");
    CHECK(nearest_word("kill", commands).empty());
    CHECK(nearest_word("status", {}).empty());
}
