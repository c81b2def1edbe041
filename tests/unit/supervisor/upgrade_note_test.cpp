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
    const auto back = parse_upgrade_note(text);
    REQUIRE(back);
    CHECK(back->failed == 11);
    CHECK(back->program == -1);
    CHECK(back->control == 6);
    CHECK(back->sessions.empty());
    CHECK(back->oom_score == "0");
}

TEST_CASE("what is no note is none, and what is unknown in one is ignored", "[upgrade_note]") {
    for (const char* text :
         {"program", "program=", "program=five", "program=5x", "sessions=1,,2", "sessions=1;2",
          "limit=5", "limit=:5", "limit=5:", "oom=much", "failed=99999999999", "a b"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_upgrade_note(text));
    }
    std::string many = "sessions=3";
    for (int i = 0; i < 64; ++i) {
        many += ",3";
    }
    CHECK_FALSE(parse_upgrade_note(many));
    CHECK(parse_upgrade_note("colour=green program=4")->program == 4);
    CHECK(parse_upgrade_note(""));
}
