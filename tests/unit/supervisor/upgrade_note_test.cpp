#include "supervisor/upgrade_note.h"

#include <catch2/catch.hpp>

using namespace mainstay::supervisor;

TEST_CASE("a note says what it was told", "[upgrade_note]") {
    UpgradeNote note;
    note.program = 5;
    note.control = 6;
    SECTION("little") {}
    SECTION("much") {
        note.sessions = {7, 8, 90};
        note.descriptor_limit = UpgradeNote::Limit{1024, 18446744073709551615U};
        note.oom_score = "-17";
        note.failed = 11;
    }
    CHECK(parse_upgrade_note(encode(note)) == note);
}

TEST_CASE("the way back ends with two digits for the signal", "[upgrade_note]") {
    UpgradeNote note;
    note.program = 5;
    note.control = 6;
    note.sessions = {7};
    note.oom_score = "0";
    std::string text = encode_way_back(note);
    REQUIRE(text.ends_with(" failed=00"));
    text.replace(text.size() - 2, 2, "11");
    const UpgradeNote back = parse_upgrade_note(text);
    CHECK(back.failed == 11);
    CHECK(back.program == -1);
    CHECK(back.control == 6);
    CHECK(back.sessions.empty());
    CHECK(back.oom_score == "0");
}

TEST_CASE("what cannot be read in a note is as if it were not there", "[upgrade_note]") {
    for (const char* text : {"", "program", "program=", "program=five", "program=5x", "sessions=;",
                             "limit=5", "limit=:5", "limit=5:", "oom=much", "oom=0\n",
                             "failed=99999999999", "a b", "colour=green"}) {
        CAPTURE(text);
        CHECK(parse_upgrade_note(text) == UpgradeNote());
        const std::string more = std::string(text) + " program=4";
        CHECK(parse_upgrade_note(more).program == 4);
    }
    std::string many = "sessions=3";
    for (int i = 0; i < 100; ++i) {
        many += ",3";
    }
    CHECK(parse_upgrade_note(many).sessions.size() == 64);
    CHECK(parse_upgrade_note("sessions=1,,x,2").sessions == std::vector<int>{1, 2});
}
