#include "common/units.h"

#include <catch2/catch.hpp>
#include <limits>

using namespace std::chrono_literals;
using mainstay::kForever;
using mainstay::parse_duration;
using mainstay::parse_size;
using mainstay::to_short_text;

TEST_CASE("durations are seconds unless a unit follows", "[units]") {
    CHECK(parse_duration("0") == 0s);
    CHECK(parse_duration("7") == 7s);
    CHECK(parse_duration("250ms") == 250ms);
    CHECK(parse_duration("250 ms") == 250ms);
    CHECK(parse_duration("2min") == 2min);
    CHECK(parse_duration("3 h") == 3h);
    CHECK(parse_duration("1.5s") == 1500ms);
    CHECK(parse_duration("1.5h") == 90min);
    CHECK(parse_duration("infinity") == kForever);
}

TEST_CASE("durations that are misspelt or too long are refused", "[units]") {
    const char* text = GENERATE("", "-1", "s", "5 minutes", "1d", "1e3", "0x10", ".5",
                                "99999999999999999999", "9999999999h", "5s ", "infinityx");
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text).has_value());
}

TEST_CASE("one is singular, and only one", "[units]") {
    CHECK(mainstay::counted(0, "error").view() == "0 errors");
    CHECK(mainstay::counted(1, "error").view() == "1 error");
    CHECK(mainstay::counted(2, "more message").view() == "2 more messages");
    CHECK(mainstay::counted(~std::uint64_t{0}, "byte").view() == "18446744073709551615 bytes");
}

TEST_CASE("sizes know powers of 1024", "[units]") {
    CHECK(parse_size("512") == 512);
    CHECK(parse_size("64K") == 65536);
    CHECK(parse_size("1M") == 1048576);
    CHECK(parse_size("2G") == 2147483648);
    CHECK(parse_size("infinity") == std::numeric_limits<std::uint64_t>::max());
    CHECK_FALSE(parse_size("").has_value());
    CHECK_FALSE(parse_size("1k").has_value());
    CHECK_FALSE(parse_size("1KB").has_value());
    CHECK_FALSE(parse_size("17179869184G").has_value());
}

TEST_CASE("ages show at most two units", "[units]") {
    CHECK(to_short_text(-5s) == "0 s");
    CHECK(to_short_text(12s) == "12 s");
    CHECK(to_short_text(59s + 999ms) == "59 s");
    CHECK(to_short_text(3min + 20s) == "3 m");
    CHECK(to_short_text(2h + 5min) == "2 h 5 m");
    CHECK(to_short_text(51h) == "2 d 3 h");
}
