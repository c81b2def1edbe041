#include "init/tmpfiles_line.h"

#include <catch2/catch.hpp>
#include <string>

#include "init/name_table.h"

using mainstay::init::find_id;
using mainstay::init::parse_tmpfiles_line;
using mainstay::init::TmpfilesLine;
using Kind = mainstay::init::TmpfilesLine::Kind;

TEST_CASE("a line has type, path, mode, user, group, age and argument", "[tmpfiles]") {
    const TmpfilesLine line = parse_tmpfiles_line("d /run/web 0750 www-data adm 10d");
    REQUIRE(line.kind == Kind::Action);
    CHECK(line.type == 'd');
    CHECK(line.path == "/run/web");
    CHECK(line.mode == 0750U);
    CHECK(line.user == "www-data");
    CHECK(line.group == "adm");
    CHECK(line.argument.empty());

    const TmpfilesLine shortest = parse_tmpfiles_line("D /tmp");
    REQUIRE(shortest.kind == Kind::Action);
    CHECK_FALSE(shortest.mode.has_value());
    CHECK(shortest.user.empty());
}

TEST_CASE("a dash means that it is not said, and modifiers stand after the type", "[tmpfiles]") {
    const TmpfilesLine line = parse_tmpfiles_line("L+! /run/log - - - - ../var/log dir ");
    REQUIRE(line.kind == Kind::Action);
    CHECK(line.replaces);
    CHECK(line.argument == "../var/log dir");
    CHECK(parse_tmpfiles_line("r- /a").may_fail);
    CHECK(parse_tmpfiles_line("d /a ~0700").mode == 0700U);
    CHECK(parse_tmpfiles_line("f \"/a b\" - - - - x\\n\\\\").argument == "x\n\\");
    CHECK(parse_tmpfiles_line("f \"/a b\"").path == "/a b");
}

TEST_CASE("a device has two numbers", "[tmpfiles]") {
    const TmpfilesLine line = parse_tmpfiles_line("c /dev/own 0600 root root - 10:200");
    REQUIRE(line.kind == Kind::Action);
    CHECK(line.major == 10);
    CHECK(line.minor == 200);
}

TEST_CASE("what is not known is refused, not guessed", "[tmpfiles]") {
    const auto problem = [](const std::string& line) {
        const TmpfilesLine parsed = parse_tmpfiles_line(line);
        return parsed.kind == Kind::Wrong ? std::string(parsed.problem) : "";
    };
    CHECK(problem("x /tmp").rfind("this type is not known", 0) == 0);
    CHECK(problem("d= /tmp").rfind("this type is not known", 0) == 0);
    CHECK(problem("d tmp") == "the path is not absolute");
    CHECK(problem("d") == "the path is not absolute");
    CHECK(problem("R /tmp/../etc") == "the path has '..' in it");
    CHECK(problem("r /tmp/*.log") == "patterns are not known here");
    CHECK(problem("d /run/%u") == "specifiers (%) are not known here");
    CHECK(problem("d /run/a 0999") == "the mode is no octal number up to 7777");
    CHECK(problem("d /run/a 17777") == "the mode is no octal number up to 7777");
    CHECK(problem("L /run/a") == "this type needs an argument");
    CHECK(problem("c /dev/a - - - - 10") == "the argument is no MAJOR:MINOR");
    CHECK(problem("d /" + std::string(300, 'a')) == "the path is too long");
    CHECK(problem("f /a - - - - " + std::string(600, 'a')) == "the argument is too long");
    CHECK(parse_tmpfiles_line("# d /tmp").kind == Kind::Empty);
}

TEST_CASE("names of users become numbers", "[tmpfiles]") {
    const char* const table = "root:x:0:0::/:\nweb:x:33:33\nbroken\nodd:x:y:\nweb2:*:34";
    CHECK(find_id(table, "root") == 0U);
    CHECK(find_id(table, "web") == 33U);
    CHECK(find_id(table, "web2") == 34U);
    CHECK(find_id(table, "1000") == 1000U);
    CHECK_FALSE(find_id(table, "we").has_value());
    CHECK_FALSE(find_id(table, "odd").has_value());
    CHECK_FALSE(find_id(table, "broken").has_value());
    CHECK_FALSE(find_id("", "root").has_value());
}
