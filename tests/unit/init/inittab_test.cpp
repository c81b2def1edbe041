#include "init/inittab.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "inittab_fixture.h"

using Catch::Matchers::Contains;
using namespace mainstay::init;
using namespace mainstay::init::test;

namespace {

Action action_of(std::size_t i) {
    return static_cast<Action>(i);
}

}  // namespace

TEST_CASE("every action is written as it is read", "[inittab]") {
    for (std::size_t i = 0; i < kActionCount; ++i) {
        const std::string_view word = to_string(action_of(i));
        INFO("action: " << word);
        CHECK_FALSE(word.empty());
        CHECK(parse_action(word) == action_of(i));
    }
    CHECK(parse_action("") == std::nullopt);
    CHECK(parse_action("respawn ") == std::nullopt);
    CHECK(parse_action("respaw") == std::nullopt);
}

TEST_CASE("the words of both programs are known", "[inittab]") {
    const std::string_view word =
        GENERATE("sysinit", "wait", "once", "respawn", "askfirst", "ctrlaltdel", "shutdown",
                 "restart", "boot", "bootwait", "off", "ondemand", "initdefault", "powerwait",
                 "powerfail", "powerokwait", "powerfailnow", "kbrequest", "supervise", "native");
    INFO("action: " << word);
    REQUIRE(parse_action(word));
    CHECK(to_string(*parse_action(word)) == word);
}

TEST_CASE("every action works in a line of either style", "[inittab]") {
    for (std::size_t i = 0; i < kActionCount; ++i) {
        const std::string word(to_string(action_of(i)));
        INFO("action: " << word);
        const Parsed busybox("tty1::" + word + ":/bin/job with words\n", InittabStyle::Busybox);
        REQUIRE(busybox.count() == 1);
        CHECK(busybox.problems().empty());
        CHECK(busybox[0].id == "tty1");
        CHECK(busybox[0].action == action_of(i));
        CHECK(busybox[0].process == "/bin/job with words");
        CHECK(busybox[0].line == 1);

        const Parsed sysv("ab:2345:" + word + ":/bin/job with words\n", InittabStyle::Sysvinit);
        REQUIRE(sysv.count() == 1);
        CHECK(sysv.problems().empty());
        CHECK(sysv[0].id == "ab");
        CHECK(sysv[0].runlevels == "2345");
        CHECK(sysv[0].action == action_of(i));
        CHECK(sysv[0].process == "/bin/job with words");
    }
}

TEST_CASE("a busybox file as its documentation shows it", "[inittab]") {
    const Parsed parsed(
        "# /etc/inittab\n"
        "\n"
        "::sysinit:/etc/init.d/rcS\n"
        "::askfirst:-/bin/sh\n"
        "tty2::askfirst:-/bin/sh\n"
        "/dev/tty4::respawn:/sbin/getty 38400 tty5\n"
        "# a serial line\n"
        "#ttyS0::respawn:/sbin/getty -L ttyS0 9600 vt100\n"
        "::restart:/sbin/init\n"
        "::ctrlaltdel:/sbin/reboot\n"
        "::shutdown:/bin/umount -a -r\n"
        "null::supervise:/sbin/supervisor /etc/rc.d\n"
        "::native:loopback\n");
    CHECK(parsed.problems().empty());
    CHECK(parsed.table.style == InittabStyle::Busybox);
    CHECK(parsed.table.style_line == 0);
    REQUIRE(parsed.count() == 9);
    CHECK(parsed[0].id.empty());
    CHECK(parsed[0].action == Action::Sysinit);
    CHECK(parsed[0].line == 3);
    CHECK(parsed[1].process == "-/bin/sh");
    CHECK(parsed[2].id == "tty2");
    CHECK(parsed[3].id == "tty4");
    CHECK(parsed[3].process == "/sbin/getty 38400 tty5");
    CHECK(parsed[7].action == Action::Supervise);
    CHECK(parsed[8].action == Action::Native);
    CHECK(parsed[8].process == "loopback");
    CHECK(parsed[8].line == 13);
}

TEST_CASE("a sysvinit file as distributions shipped it", "[inittab]") {
    const Parsed parsed(
        "# The default runlevel.\n"
        "id:2:initdefault:\n"
        "si::sysinit:/etc/init.d/rcS\n"
        "~~:S:wait:/sbin/sulogin\n"
        "l2:2:wait:/etc/init.d/rc 2\n"
        "ca:12345:ctrlaltdel:/sbin/shutdown -t1 -a -r now\n"
        "pf::powerwait:/etc/init.d/powerfail start\n"
        "pn::powerfailnow:/etc/init.d/powerfail now\n"
        "po::powerokwait:/etc/init.d/powerfail stop\n"
        "1:2345:respawn:/sbin/getty 38400 tty1\n"
        "#T0:23:respawn:/sbin/getty -L ttyS0 9600 vt100\n"
        "kb::kbrequest:/bin/echo \"Keyboard Request\"\n");
    CHECK(parsed.problems().empty());
    CHECK(parsed.table.style == InittabStyle::Sysvinit);
    CHECK(parsed.table.style_line == 2);
    REQUIRE(parsed.count() == 10);
    CHECK(parsed[0].action == Action::InitDefault);
    CHECK(parsed[0].runlevels == "2");
    CHECK(parsed[2].id == "~~");
    CHECK(parsed[2].runlevels == "S");
    CHECK(parsed[8].id == "1");
    CHECK(parsed[8].process == "/sbin/getty 38400 tty1");
}

TEST_CASE("the initdefault line decides the style, unless it is forced", "[inittab]") {
    const std::string with = "a::sysinit:/a\nid:5:initdefault:\n";
    const std::string without = "tty1::respawn:/a\n";

    CHECK(Parsed(with).table.style == InittabStyle::Sysvinit);
    CHECK(Parsed(with).table.style_line == 2);
    CHECK(Parsed(without).table.style == InittabStyle::Busybox);
    CHECK(Parsed(without).table.style_line == 0);

    CHECK(Parsed(with, InittabStyle::Busybox).table.style == InittabStyle::Busybox);
    CHECK(Parsed(with, InittabStyle::Busybox).table.style_line == 0);
    CHECK(Parsed(without, InittabStyle::Sysvinit).table.style == InittabStyle::Sysvinit);
    CHECK(Parsed(without, InittabStyle::Sysvinit).table.style_line == 0);
}

TEST_CASE("what decides the style is what the parser takes for an initdefault entry", "[inittab]") {
    const auto style_of = [](const std::string& line) {
        const Parsed parsed("#\n" + line + "\n");
        const bool has_entry = parsed.count() == 1 && parsed[0].action == Action::InitDefault &&
                               parsed.problems().empty();
        CHECK(has_entry == (parsed.table.style == InittabStyle::Sysvinit));
        CHECK(parsed.table.style_line == (has_entry ? 2 : 0));
        return parsed.table.style;
    };
    const std::string valid = GENERATE(
        "id:3:initdefault:", "id:3:initdefault", "id:3:initdefault:ignored", "id:3:initdefault:\r",
        "id:3: initdefault :", "  id:3:initdefault:", "id:3:initdefault  ", "id::initdefault:");
    INFO("valid: " << valid);
    CHECK(style_of(valid) == InittabStyle::Sysvinit);
    const std::string invalid =
        GENERATE("#id:3:initdefault:", "  # id:3:initdefault:", "id:3:initdefaul:",
                 "::sysinit:/bin/echo a:b:initdefault:", "initdefault", "id:initdefault:");
    INFO("invalid: " << invalid);
    const Parsed parsed(invalid + "\n");
    CHECK(parsed.table.style == InittabStyle::Busybox);
    CHECK(parsed.table.style_line == 0);
}

TEST_CASE("a line that is no entry does not decide the style", "[inittab]") {
    const std::string line =
        GENERATE(std::string("id:3:initdefault:\x01"), std::string("\x7f:3:initdefault:"),
                 std::string(":3:initdefault:"), std::string("console:3:initdefault:"),
                 "id:3:initdefault:" + std::string(kMaxInittabLine, 'x'));
    const Parsed parsed("tty1::respawn:/bin/job # one\n" + line + "\n");
    INFO("line: " << line.substr(0, 40));
    CHECK(parsed.table.style == InittabStyle::Busybox);
    CHECK(parsed.table.style_line == 0);
    REQUIRE(parsed.count() >= 1);
    CHECK(parsed[0].process == "/bin/job");
}

TEST_CASE("busybox: a comment starts anywhere", "[inittab]") {
    const Parsed parsed(
        "::sysinit:/bin/echo a#b\n"
        "::once:/bin/job # why\n"
        "   # only a comment\n"
        "#::once:/no\n"
        "::once#:/no\n");
    REQUIRE(parsed.count() == 2);
    CHECK(parsed[0].process == "/bin/echo a");
    CHECK(parsed[1].process == "/bin/job");
    CHECK(lines_of(parsed) == std::vector<std::uint32_t>{5});
}

TEST_CASE("sysvinit: a comment starts only at the start of a line", "[inittab]") {
    const Parsed parsed(
        sysvinit("a::once:/bin/echo a#b # c\n"
                 "# comment\n"
                 " \t # comment after blanks\n"));
    CHECK(parsed.problems().empty());
    REQUIRE(parsed.count() == 2);
    CHECK(parsed[1].process == "/bin/echo a#b # c");
}

TEST_CASE("the process is all the rest of the line", "[inittab]") {
    const Parsed parsed("::once:/bin/echo a:b::c:\n::once:  /bin/a  \t\n");
    REQUIRE(parsed.count() == 2);
    CHECK(parsed[0].process == "/bin/echo a:b::c:");
    CHECK(parsed[1].process == "/bin/a");
}

TEST_CASE("lines end as they may", "[inittab]") {
    SECTION("the last one without a newline") {
        const Parsed parsed("::once:/a\n::once:/b");
        REQUIRE(parsed.count() == 2);
        CHECK(parsed[1].process == "/b");
    }
    SECTION("with carriage returns") {
        const Parsed parsed("# c\r\n\r\n::once:/a\r\n::once:/b\r");
        CHECK(parsed.problems().empty());
        REQUIRE(parsed.count() == 2);
        CHECK(parsed[0].process == "/a");
        CHECK(parsed[0].line == 3);
        CHECK(parsed[1].process == "/b");
    }
    SECTION("a carriage return within a line is no line") {
        check_one_bad_line("::once:/a\rb", "control characters");
    }
    SECTION("a tab is a blank") {
        const Parsed parsed("\t\n::once:/a\tb\n");
        CHECK(parsed.problems().empty());
        REQUIRE(parsed.count() == 1);
        CHECK(parsed[0].process == "/a\tb");
    }
}

TEST_CASE("busybox: the terminal", "[inittab]") {
    const auto terminal_of = [](const std::string& field) {
        const Parsed parsed(field + "::respawn:/a\n");
        return parsed.count() == 1 ? std::string(parsed[0].id) : "(refused)";
    };
    CHECK(terminal_of("tty1") == "tty1");
    CHECK(terminal_of("/dev/tty1") == "tty1");
    CHECK(terminal_of(" /dev/pts/3 ") == "pts/3");
    CHECK(terminal_of("/dev/").empty());
    CHECK(terminal_of(std::string(31, 't')) == std::string(31, 't'));
    CHECK(terminal_of("/dev/" + std::string(31, 't')) == std::string(31, 't'));
    check_one_bad_line(std::string(32, 't') + "::respawn:/a", "31");
    check_one_bad_line("/dev/" + std::string(32, 't') + "::respawn:/a", "31");
    check_one_bad_line("../etc/passwd::respawn:/a", "/dev");
    check_one_bad_line("/dev/../etc/passwd::respawn:/a", "/dev");
}

TEST_CASE("busybox: runlevels mean nothing, the same line may stand twice", "[inittab]") {
    const Parsed parsed("tty1:anything at all:respawn:/a\ntty1::respawn:/a\ntty1::respawn:/a\n");
    CHECK(parsed.problems().empty());
    CHECK(parsed.count() == 3);
}

TEST_CASE("sysvinit: the id has 1 to 4 characters and is unique", "[inittab]") {
    CHECK(Parsed(sysvinit("a::once:/a\nabcd::once:/b\n")).count() == 3);
    check_one_bad_sysvinit_line("abcde::once:/a", "1 to 4");
    check_one_bad_sysvinit_line("::once:/a", "1 to 4");
    check_one_bad_sysvinit_line("si::once:/a", "line 2");
    check_one_bad_sysvinit_line("id:4:initdefault:", "line 1");

    SECTION("/dev/ is no terminal here") {
        check_one_bad_sysvinit_line("/dev/tty1::once:/a", "1 to 4");
    }
    SECTION("blanks before it do not belong to it") {
        const Parsed parsed(sysvinit("  abcd:2:once:/a\n\tabcd:2:once:/b\n"));
        REQUIRE(parsed.count() == 2);
        CHECK(parsed[1].id == "abcd");
        REQUIRE(parsed.problems().size() == 1);
        CHECK_THAT(parsed.problems()[0].message, Contains("line 2"));
    }
    SECTION("~~ may be repeated: the single-user entries of old files share it") {
        const Parsed parsed(sysvinit("~~:S:wait:/etc/init.d/rc S\n~~:S:wait:/sbin/sulogin\n"));
        CHECK(parsed.problems().empty());
        CHECK(parsed.count() == 3);
    }
}

TEST_CASE("sysvinit: actions are known however they are capitalised", "[inittab]") {
    const Parsed parsed(sysvinit("1:2345:Respawn:/sbin/getty tty1\nsi::SYSINIT:/etc/rc\n"));
    CHECK(parsed.problems().empty());
    REQUIRE(parsed.count() == 3);
    CHECK(parsed[1].action == Action::Respawn);
    CHECK(parsed[2].action == Action::Sysinit);
    CHECK(Parsed("id:3:InitDefault:\n").table.style == InittabStyle::Sysvinit);
}

TEST_CASE("sysvinit: + and @ stand before the command, in this order", "[inittab]") {
    const auto process_of = [](const std::string& process) {
        const Parsed parsed(sysvinit("a:2:respawn:" + process + "\n"));
        return parsed.count() == 2 ? std::string(parsed[1].process) : "(refused)";
    };
    CHECK(process_of("+/sbin/getty") == "/sbin/getty");
    CHECK(process_of("@/sbin/getty") == "/sbin/getty");
    CHECK(process_of("+@/sbin/getty") == "/sbin/getty");
    CHECK(process_of("@+/sbin/getty") == "+/sbin/getty");
    CHECK(process_of("++/sbin/getty") == "+/sbin/getty");
    CHECK(process_of("+ /sbin/getty") == "/sbin/getty");
    CHECK(process_of("/a +@") == "/a +@");

    const Parsed busybox("::respawn:+@/sbin/getty\n");
    REQUIRE(busybox.count() == 1);
    CHECK(busybox[0].process == "+@/sbin/getty");
}

TEST_CASE("sysvinit: a comment is no process", "[inittab]") {
    check_one_bad_sysvinit_line("a:2:respawn:#/sbin/getty", "the process is a comment");
    check_one_bad_sysvinit_line("a:2:respawn:#@/sbin/getty", "the process is a comment");
    check_one_bad_sysvinit_line("a:2:respawn:@ #x", "the process is a comment");
    const Parsed parsed("id:3:initdefault\na:3:off:#/sbin/getty\n");
    REQUIRE(parsed.count() == 2);
    CHECK(parsed[1].process.empty());
}

TEST_CASE("sysvinit: flags alone are no process", "[inittab]") {
    check_one_bad_sysvinit_line("a:2:respawn:+", "process");
    check_one_bad_sysvinit_line("a:2:respawn:+@", "process");
    check_one_bad_sysvinit_line("a:2:respawn:+@ \t", "process");
}

TEST_CASE("fields that are missing are named", "[inittab]") {
    check_one_bad_line("hello", "four fields");
    check_one_bad_line("tty1:respawn", "four fields");
    check_one_bad_line("tty1::respawn", "process");
    check_one_bad_line("tty1::respawn:", "process");
    check_one_bad_line("tty1::respawn:   ", "process");
    check_one_bad_line("tty1::respawn:# nothing", "process");
    check_one_bad_line(":::", "action");
    check_one_bad_line("::", "action");
    check_one_bad_line("tty1:::/bin/sh", "action");
    check_one_bad_sysvinit_line("a:2345:respawn:", "process");
    check_one_bad_sysvinit_line("a:2345:respawn", "process");
}

TEST_CASE("what needs no process may go without", "[inittab]") {
    const Parsed parsed("id:3:initdefault\na:3:off\nb:3:off:\n");
    CHECK(parsed.problems().empty());
    CHECK(parsed.count() == 3);
}

TEST_CASE("an unknown action is named with the nearest", "[inittab]") {
    check_one_bad_line("tty1::respwan:/sbin/getty", "'respwan', did you mean 'respawn'?");
    check_one_bad_line("tty1::askfrist:/sbin/getty", "did you mean 'askfirst'?");
    check_one_bad_line("tty1::sysinit2:/sbin/getty", "did you mean 'sysinit'?");
    check_one_bad_line("tty1::supervisor:/sbin/getty", "did you mean 'supervise'?");
    check_one_bad_line("tty1::xyzzy:/sbin/getty", "unknown action 'xyzzy'");
    check_one_bad_sysvinit_line("a:3:ctrl-alt-del:/sbin/reboot", "did you mean 'ctrlaltdel'?");

    SECTION("nothing is near to a word that has nothing in common") {
        const Parsed parsed("::xyzzy:/a\n");
        CHECK_THAT(parsed.problems()[0].message, !Contains("did you mean"));
    }
    SECTION("a long one is cut") {
        const Parsed parsed("::" + std::string(900, 'q') + ":/a\n");
        REQUIRE(parsed.problems().size() == 1);
        CHECK(parsed.problems()[0].message.size() < 100);
    }
}
