#include "init/sysctl_line.h"

#include <catch2/catch.hpp>
#include <string>

using mainstay::init::parse_sysctl_line;
using mainstay::init::SysctlLine;
using Kind = mainstay::init::SysctlLine::Kind;

TEST_CASE("a setting is a path and a value", "[sysctl]") {
    const SysctlLine line = parse_sysctl_line("  net.ipv4.ip_forward =  1 \t");
    REQUIRE(line.kind == Kind::Setting);
    CHECK(line.path == "net/ipv4/ip_forward");
    CHECK(line.value == "1");
    CHECK_FALSE(line.may_fail);
    CHECK(parse_sysctl_line("-a.b=").may_fail);
    CHECK(parse_sysctl_line("kernel.core_pattern=|/bin/x %p = y").value == "|/bin/x %p = y");
}

TEST_CASE("the first separator says which of the two it is", "[sysctl]") {
    CHECK(parse_sysctl_line("net/ipv4/conf/eth0.1/rp_filter=1").path ==
          "net/ipv4/conf/eth0.1/rp_filter");
    CHECK(parse_sysctl_line("net.ipv4.conf.eth0/1.rp_filter=1").path ==
          "net/ipv4/conf/eth0.1/rp_filter");
}

TEST_CASE("comments say nothing", "[sysctl]") {
    for (const char* line : {"", "  ", "# a=b", " ; a=b"}) {
        CHECK(parse_sysctl_line(line).kind == Kind::Empty);
    }
}

TEST_CASE("what is wrong with a setting is said, and nothing outside /proc/sys is meant",
          "[sysctl]") {
    const auto problem = [](const std::string& line) {
        const SysctlLine parsed = parse_sysctl_line(line);
        return parsed.kind == Kind::Wrong ? std::string(parsed.problem) : "";
    };
    CHECK(problem("kernel.sysrq") == "a line is NAME = VALUE");
    CHECK(problem("=1") == "the name is empty or too long");
    CHECK(problem(std::string(300, 'a') + "=1") == "the name is empty or too long");
    CHECK(problem("net.ipv4.conf.*.rp_filter=1") ==
          "patterns are not known here; name each setting");
    for (const char* line : {"a/../../b=1", "/etc/passwd=1", "a..b=1", "..a=1", ".=1"}) {
        CAPTURE(line);
        CHECK(problem(line) == "the name is none below /proc/sys");
    }
}
