#include "init/command.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using mainstay::init::Command;
using mainstay::init::CommandRules;
using mainstay::init::parse_command;

namespace {

std::vector<std::string> words_of(const Command& command) {
    std::vector<std::string> words;
    for (const char* const* word = command.argv.data(); *word != nullptr; ++word) {
        words.emplace_back(*word);
    }
    return words;
}

}  // namespace

TEST_CASE("a plain command is split at blanks", "[command]") {
    Command command;
    parse_command("/sbin/getty  -L\tttyS0 115200 vt100", CommandRules::Busybox, command);
    CHECK(std::string(command.path) == "/sbin/getty");
    CHECK(words_of(command) ==
          std::vector<std::string>{"/sbin/getty", "-L", "ttyS0", "115200", "vt100"});
    CHECK_FALSE(command.login);
}

TEST_CASE("a leading dash makes a login shell", "[command]") {
    Command command;
    parse_command("-/bin/sh -x", CommandRules::Busybox, command);
    CHECK(std::string(command.path) == "/bin/sh");
    CHECK(words_of(command) == std::vector<std::string>{"-/bin/sh", "-x"});
    CHECK(command.login);
}

TEST_CASE("shell characters hand the line to the shell", "[command]") {
    Command command;
    const std::string character = GENERATE("~", "`", "!", "$", "^", "&", "*", "(", ")", "=", "|",
                                           "\\", "{", "}", "[", "]", ";", "\"", "'", "<", ">", "?");
    parse_command("echo " + character, CommandRules::Busybox, command);
    CHECK(std::string(command.path) == "/bin/sh");
    CHECK(words_of(command) == std::vector<std::string>{"/bin/sh", "-c", "exec echo " + character});
    parse_command("-echo " + character, CommandRules::Busybox, command);
    CHECK(words_of(command)[0] == "-/bin/sh");
}

TEST_CASE("an empty command and one of too many words stay in bounds", "[command]") {
    Command command;
    parse_command("", CommandRules::Busybox, command);
    CHECK(std::string(command.path).empty());
    CHECK(words_of(command).empty());
    std::string many;
    for (int i = 0; i < 512; ++i) {
        many += "a ";
    }
    parse_command(many, CommandRules::Busybox, command);
    CHECK(words_of(command).size() == mainstay::init::kMaxWords);
    parse_command("-" + many.substr(1), CommandRules::Busybox, command);
    CHECK(command.argv[mainstay::init::kMaxWords] == nullptr);
}

TEST_CASE("sysvinit's commands", "[command]") {
    Command command;
    SECTION("go to the shell as they are") {
        parse_command("a; b", CommandRules::Sysvinit, command);
        CHECK(std::string_view(command.argv[2]) == "a; b");
    }
    SECTION("or to none") {
        parse_command("/bin/a *.c", CommandRules::SysvinitNoShell, command);
        CHECK(std::string_view(command.path) == "/bin/a");
        CHECK(std::string_view(command.argv[1]) == "*.c");
        CHECK(command.argv[2] == nullptr);
    }
    SECTION("and end with a comment") {
        parse_command("/bin/a b # c", CommandRules::Sysvinit, command);
        CHECK(std::string_view(command.argv[1]) == "b");
        CHECK(command.argv[2] == nullptr);
    }
}
