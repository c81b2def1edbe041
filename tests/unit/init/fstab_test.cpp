#include "init/fstab.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using mainstay::init::for_each_fstab_line;
using mainstay::init::FstabLine;
using mainstay::init::parse_fstab_line;
using Kind = mainstay::init::FstabLine::Kind;

TEST_CASE("a line of fstab has up to six fields", "[fstab]") {
    const FstabLine line = parse_fstab_line("UUID=ab-cd\t/home  ext4 noatime,nofail 0 2");
    REQUIRE(line.kind == Kind::Entry);
    CHECK(line.entry.source == "UUID=ab-cd");
    CHECK(line.entry.target == "/home");
    CHECK(line.entry.type == "ext4");
    CHECK(line.entry.options == "noatime,nofail");
    CHECK(line.entry.pass == 2);

    const FstabLine shortest = parse_fstab_line("tmpfs /tmp tmpfs");
    REQUIRE(shortest.kind == Kind::Entry);
    CHECK(shortest.entry.options == "defaults");
    CHECK(shortest.entry.pass == 0);
    CHECK(parse_fstab_line("/dev/vda2 none swap sw 0 0").entry.is_swap());
}

TEST_CASE("comments and empty lines say nothing", "[fstab]") {
    for (const char* line : {"", "   ", "# /dev/vda1 / ext4", "\t#"}) {
        CHECK(parse_fstab_line(line).kind == Kind::Empty);
    }
}

TEST_CASE("blanks in paths are octal", "[fstab]") {
    const FstabLine line = parse_fstab_line("LABEL=My\\040Disk /mnt/my\\040disk\\ ext4");
    REQUIRE(line.kind == Kind::Entry);
    CHECK(line.entry.source == "LABEL=My Disk");
    CHECK(line.entry.target == "/mnt/my disk\\");
    CHECK(parse_fstab_line("a /home/// ext4").entry.target == "/home");
    CHECK(parse_fstab_line("a / ext4").entry.target == "/");
}

TEST_CASE("what is wrong with a line is said", "[fstab]") {
    const auto problem = [](const std::string& line) {
        const FstabLine parsed = parse_fstab_line(line);
        return parsed.kind == Kind::Wrong ? std::string(parsed.problem) : "";
    };
    CHECK(problem("/dev/vda1 /") == "a line needs a device, a mount point and a type");
    CHECK(problem("/dev/vda1 home ext4") == "the mount point is no absolute path");
    CHECK(problem("/dev/vda1 / ext4 ro 0 x") == "the fifth and sixth field are numbers");
    CHECK(problem("/dev/vda1 /" + std::string(300, 'a') + " ext4") == "a field is too long");
}

TEST_CASE("lines of a file are counted from one", "[fstab]") {
    std::vector<std::uint32_t> numbers;
    for_each_fstab_line("# a\n\n/dev/a / ext4\n/dev/b /b ext4", [&](auto number, const auto& line) {
        if (line.kind == Kind::Entry) {
            numbers.push_back(number);
        }
    });
    CHECK(numbers == std::vector<std::uint32_t>{3, 4});
}
