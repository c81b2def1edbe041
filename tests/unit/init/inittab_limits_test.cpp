#include "init/inittab.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cctype>
#include <string>
#include <vector>

#include "inittab_fixture.h"

using Catch::Matchers::Contains;
using namespace mainstay::init;
using namespace mainstay::init::test;

TEST_CASE("a line may have 1,024 bytes", "[inittab]") {
    const std::string start = "::once:/bin/echo ";
    const std::string longest = start + std::string(kMaxInittabLine - start.size(), 'x');
    const Parsed parsed(longest + "\n" + longest + "\r\n");
    CHECK(parsed.problems().empty());
    CHECK(parsed.count() == 2);

    check_one_bad_line(longest + "x", "1025 bytes");
    check_one_bad_line(std::string(100'000, 'x'), "100000 bytes");
    check_one_bad_line("#" + std::string(kMaxInittabLine, 'x'), "too long");
}

TEST_CASE("a binary file makes reports, and the lines that are lines still work", "[inittab]") {
    std::string all_bytes;
    for (int i = 0; i < 256; ++i) {
        all_bytes += static_cast<char>(i);
    }
    const auto style = GENERATE(InittabStyle::Busybox, InittabStyle::Sysvinit);
    const Parsed parsed(
        "a::once:/first\n" + all_bytes + "\n" + std::string(64, '\0') + "\nb::once:/last\n", style);
    REQUIRE(parsed.count() == 2);
    CHECK(parsed[0].process == "/first");
    CHECK(parsed[1].process == "/last");
    CHECK(parsed[1].line == 5);
    CHECK(lines_of(parsed) == std::vector<std::uint32_t>{2, 3, 4});
    for (const Problem& problem : parsed.problems()) {
        CHECK(std::none_of(problem.message.begin(), problem.message.end(), [](char c) {
            return std::iscntrl(static_cast<unsigned char>(c)) != 0;
        }));
    }
}

TEST_CASE("each control character spoils its line", "[inittab]") {
    for (int i = 0; i < 256; ++i) {
        const char c = static_cast<char>(i);
        if (c == '\n' || c == '#') {
            continue;
        }
        INFO("byte " << i);
        const Parsed parsed("::once:/a" + std::string(1, c) + "b\n");
        const bool is_control = (i < 0x20 && c != '\t') || i == 0x7f;
        CHECK(parsed.count() == (is_control ? 0 : 1));
        CHECK(parsed.problems().size() == (is_control ? 1 : 0));
    }
}

TEST_CASE("an empty text and one of blank lines have no entries and no faults", "[inittab]") {
    const std::string text = GENERATE("", "\n", "\n\n\n", "  \n\t\n", "# nothing\n", "#", "\r\n");
    const auto style = GENERATE(InittabStyle::Busybox, InittabStyle::Sysvinit);
    const Parsed parsed(text, style);
    CHECK(parsed.count() == 0);
    CHECK(parsed.problems().empty());
}

TEST_CASE("10,000 entries are read, the next is reported", "[inittab]") {
    std::string text;
    for (std::size_t i = 0; i < kMaxInittabEntries; ++i) {
        text += "::respawn:/bin/job " + std::to_string(i) + "\n";
    }
    SECTION("exactly as many") {
        const Parsed parsed(text, std::nullopt, kMaxInittabEntries);
        CHECK(parsed.problems().empty());
        REQUIRE(parsed.count() == kMaxInittabEntries);
        CHECK(parsed[kMaxInittabEntries - 1].process == "/bin/job 9999");
        CHECK(parsed[kMaxInittabEntries - 1].line == kMaxInittabEntries);
    }
    SECTION("one more") {
        const Parsed parsed(text + "::respawn:/too/many\n", std::nullopt, kMaxInittabEntries);
        CHECK(parsed.count() == kMaxInittabEntries);
        REQUIRE(parsed.problems().size() == 1);
        CHECK(parsed.problems()[0].line == kMaxInittabEntries + 1);
        CHECK_THAT(parsed.problems()[0].message, Contains("10000"));
    }
}

TEST_CASE("10,000 sysvinit entries with ids of their own are read", "[inittab]") {
    std::string text(kSysvinitHead);
    for (std::size_t i = 1; i < kMaxInittabEntries; ++i) {
        text += std::to_string(i) + ":3:respawn:/bin/job\n";
    }
    const Parsed parsed(text, std::nullopt, kMaxInittabEntries);
    CHECK(parsed.problems().empty());
    CHECK(parsed.count() == kMaxInittabEntries);
}

TEST_CASE("no room at all is reported, not overrun", "[inittab]") {
    const Parsed parsed("::once:/a\n", std::nullopt, 0);
    CHECK(parsed.count() == 0);
    CHECK(lines_of(parsed) == std::vector<std::uint32_t>{1});
}

TEST_CASE("after fifty bad lines the rest is only counted", "[inittab]") {
    std::string bad;
    for (int i = 0; i < 50; ++i) {
        bad += "bad\n";
    }
    SECTION("fifty are all listed") {
        const Parsed parsed(bad + "::once:/a\n");
        CHECK(parsed.problems().size() == 50);
        CHECK(parsed.problems()[49].line == 50);
        CHECK(parsed.count() == 1);
    }
    SECTION("of fifty-three, three are counted") {
        const Parsed parsed(bad + "bad\nbad\n::once:/a\nbad\n");
        REQUIRE(parsed.problems().size() == 51);
        CHECK(parsed.problems()[49].line == 50);
        CHECK(parsed.problems()[50].line == 0);
        CHECK_THAT(parsed.problems()[50].message, Contains("3 more bad lines"));
        CHECK(parsed.count() == 1);
    }
}

TEST_CASE("there is one supervise entry", "[inittab]") {
    check_one_bad_line("::supervise", "process");
    const Parsed parsed(
        "::supervise:/sbin/supervisor\n"
        "::once:/a\n"
        "::supervise:/sbin/supervisor /other\n"
        "::supervise:/sbin/supervisor /third\n");
    REQUIRE(parsed.count() == 2);
    CHECK(parsed[0].process == "/sbin/supervisor");
    CHECK(lines_of(parsed) == std::vector<std::uint32_t>{3, 4});
    CHECK_THAT(parsed.problems()[0].message, Contains("second supervise"));
    CHECK_THAT(parsed.problems()[1].message, Contains("line 1"));

    SECTION("one that was refused does not count") {
        const Parsed refused("../x::supervise:/a\n::supervise:/b\n");
        REQUIRE(refused.count() == 1);
        CHECK(refused[0].process == "/b");
    }
}

TEST_CASE("sysvinit's flags before a process are told", "[inittab]") {
    const Parsed parsed(
        "id:2:initdefault:\na:2:wait:+/a\nb:2:wait:@/b\nc:2:wait:+@/c\nd:2:wait:/d");
    REQUIRE(parsed.count() == 5);
    CHECK((parsed[1].no_record && !parsed[1].no_shell));
    CHECK((!parsed[2].no_record && parsed[2].no_shell));
    CHECK((parsed[3].no_record && parsed[3].no_shell));
    CHECK(parsed[3].process == "/c");
    CHECK((!parsed[4].no_record && !parsed[4].no_shell));
}

TEST_CASE("the text of further files follows a mark, and lines are theirs", "[inittab]") {
    const std::string mark(mainstay::init::kFileMark);
    const std::string further =
        mark + "one.tab\n# x\na:2:wait:/a\nb:2:nonsense:/b\n" + mark + "two.tab\nc:2:wait:/c\n";
    SECTION("in sysvinit's style") {
        const Parsed parsed("id:2:initdefault:\nx:2:wait:/x\n" + further);
        REQUIRE(parsed.count() == 4);
        CHECK(parsed[1].file.empty());
        CHECK(parsed[1].line == 2);
        CHECK(parsed[2].file == "one.tab");
        CHECK(parsed[2].line == 2);
        CHECK(parsed[3].file == "two.tab");
        CHECK(parsed[3].line == 1);
        REQUIRE(parsed.problems().size() == 1);
        CHECK(parsed.problems()[0].line == 0);
        CHECK_THAT(parsed.problems()[0].message, Contains("one.tab:3: unknown action"));
    }
    SECTION("in busybox's a mark is a comment") {
        const Parsed parsed("::wait:/x\n" + mark + "one.tab\n::wait:/a\n");
        REQUIRE(parsed.count() == 2);
        CHECK(parsed[1].file.empty());
        CHECK(parsed[1].line == 3);
    }
    SECTION("one without a name is nothing") {
        const Parsed parsed("id:2:initdefault:\n" + mark + "\na:2:wait:/a\n");
        REQUIRE(parsed.count() == 2);
        CHECK(parsed[1].line == 3);
    }
}

TEST_CASE("the style of a text", "[inittab]") {
    using mainstay::init::inittab_style;
    CHECK(inittab_style("id:2:initdefault:\n", std::nullopt) == InittabStyle::Sysvinit);
    CHECK(inittab_style("::wait:/a\n", std::nullopt) == InittabStyle::Busybox);
    CHECK(inittab_style("::wait:/a\n", InittabStyle::Sysvinit) == InittabStyle::Sysvinit);
    CHECK(inittab_style("id:2:initdefault:\n", InittabStyle::Busybox) == InittabStyle::Busybox);
}
