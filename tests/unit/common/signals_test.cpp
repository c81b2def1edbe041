#include "common/signals.h"

#include <catch2/catch.hpp>
#include <csignal>

using mainstay::parse_signal;
using mainstay::signal_name;

TEST_CASE("every named signal reads back as itself, in every spelling", "[signals]") {
    int named = 0;
    for (int number = 1; number <= mainstay::kSignalMax; ++number) {
        const std::string name(signal_name(number));
        if (name.empty()) {
            continue;
        }
        ++named;
        CHECK(parse_signal(name) == number);
        CHECK(parse_signal("SIG" + name) == number);
    }
    CHECK(named == 31);
}

TEST_CASE("signals by number and by any case", "[signals]") {
    CHECK(parse_signal("15") == SIGTERM);
    CHECK(parse_signal("sigterm") == SIGTERM);
    CHECK(parse_signal("term") == SIGTERM);
    CHECK(parse_signal("64") == 64);
    CHECK_FALSE(parse_signal("0").has_value());
    CHECK_FALSE(parse_signal("65").has_value());
    CHECK_FALSE(parse_signal("-1").has_value());
    CHECK_FALSE(parse_signal("SIG").has_value());
    CHECK_FALSE(parse_signal("").has_value());
    CHECK_FALSE(parse_signal("TERMINATE").has_value());
}
