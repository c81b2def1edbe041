#include "supervisor/log_cursor.h"

#include <catch2/catch.hpp>

using namespace mainstay::supervisor;

TEST_CASE("a cursor is read as it was written", "[log]") {
    const LogPlace place{~std::uint64_t{0}, 4'294'967'295U, 1'234'567'890'123U};
    CHECK(parse_cursor(to_cursor(place)) == place);
    CHECK(parse_cursor("0.0.0") == LogPlace{});
}

TEST_CASE("what is no cursor is none", "[log]") {
    const char* text = GENERATE("", ".", "1", "1.2", "1.2.", "1.2.3.", "1.2.3.4", "a.2.3", "-1.2.3",
                                " 1.2.3", "1.2.3 ", "1.4294967296.3", "1.2.18446744073709551616");
    CAPTURE(text);
    CHECK_FALSE(parse_cursor(text));
}

TEST_CASE("who comes back goes on where it was, and begins with what it did not know", "[log]") {
    const Resumption back({"7.30.300", "7.10.100", "nonsense", "7.20.200"}, 7);
    CHECK(back.position_of(10) == 100);
    CHECK(back.position_of(20) == 200);
    CHECK(back.position_of(30) == 300);
    CHECK(back.position_of(40) == 0);
    CHECK_FALSE(back.is_anew());
}

TEST_CASE("cursors of another memory mean nothing any more, and that is told", "[log]") {
    CHECK(Resumption({"6.10.100"}, 7).position_of(10) == 0);
    CHECK(Resumption({"6.10.100"}, 7).is_anew());
    // Where nothing had been read, nothing is missing.
    CHECK_FALSE(Resumption({"0.10.0"}, 7).is_anew());
    CHECK_FALSE(Resumption({}, 7).is_anew());
}
