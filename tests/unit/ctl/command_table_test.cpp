#include "ctl/command_table.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "ctl/help.h"

using namespace mainstay::ctl;

TEST_CASE("every command has a name of its own, a summary and a page of help", "[commands]") {
    std::set<std::string_view> names;
    for (const CommandRow& row : command_rows()) {
        const Command command = row.command;
        CAPTURE(row.name);
        CHECK(names.insert(row.name).second);
        if (!row.alias.empty()) {
            CHECK(names.insert(row.alias).second);
        }
        CHECK_FALSE(row.summary.empty());
        const bool asks_nobody = command == Command::Help || command == Command::Lint;
        CHECK(row.verb.has_value() == !asks_nobody);
        CHECK(find_command(row.name).command == command);
        const std::string page = help_text(command);
        CHECK(page.find("usage: svctl [OPTION...] " + std::string(row.name)) == 0);
        CHECK(help_text(std::nullopt).find("  " + std::string(row.name)) != std::string::npos);
    }
    CHECK(names.size() == 41);
    CHECK(command_rows().back().command == Command::Help);
    CHECK(row_of(Command::Kill).name == "kill");
}

TEST_CASE("every option is explained where it belongs", "[commands]") {
    const std::string overview = help_text(std::nullopt);
    for (const OptionRow& option : option_rows()) {
        CAPTURE(option.name);
        CHECK(overview.find(option.name) != std::string::npos);
        bool is_taken = false;
        for (const CommandRow& row : command_rows()) {
            const bool is_own = (row.options & bit_of(option.option)) != 0;
            is_taken = is_taken || takes(row, option.option);
            if (is_own) {
                CHECK(help_text(row.command).find(option.name) != std::string::npos);
            }
        }
        CHECK(is_taken);
        CHECK(row_of(option.option).name == option.name);
    }
    CHECK_FALSE(takes(row_of(Command::Status), Option::NoWait));
}

TEST_CASE("the synopsis says what may follow a command", "[commands]") {
    const auto arguments = [](Command command) { return argument_text(row_of(command).arguments); };
    CHECK(arguments(Command::Rescan).empty());
    CHECK(arguments(Command::Status) == "[SERVICE...]");
    CHECK(arguments(Command::Up) == "SERVICE...");
    CHECK(arguments(Command::Why) == "SERVICE");
    CHECK(arguments(Command::Wait) == "[SERVICE...]");
    CHECK(arguments(Command::Signal) == "SIGNAL SERVICE...");
    CHECK(arguments(Command::Notify) == "SERVICE ready|status TEXT");
    CHECK(arguments(Command::Enable) == "NAME...|PATH");
    CHECK(arguments(Command::Add) == "PATH");
    CHECK(arguments(Command::Lint) == "[DIR]");
    CHECK(arguments(Command::Help) == "[COMMAND]");
}

TEST_CASE("a command is known by its name, its alias or a beginning that is one's alone",
          "[commands]") {
    CHECK(find_command("stop").command == Command::Down);
    CHECK(find_command("sta").candidates == std::vector<std::string_view>{"start", "status"});
    CHECK_FALSE(find_command("sta").command);
    CHECK(find_command("stat").command == Command::Status);
    // A name that others begin with is itself.
    CHECK(find_command("re").candidates.size() > 1);
    CHECK(find_command("up").command == Command::Up);
    CHECK(find_command("xyz").candidates.empty());
    CHECK(find_command("").candidates.empty());
    CHECK(nearest_command("strat") == "start");
    CHECK(nearest_command("sttaus") == "status");
    CHECK(nearest_command("frobnicate").empty());
}

TEST_CASE("the overview fits into 100 columns and names every exit code", "[commands]") {
    const std::string text = help_text(std::nullopt);
    std::size_t start = 0;
    while (start < text.size()) {
        const std::size_t end = text.find('\n', start);
        CHECK(end - start <= 100);
        start = end + 1;
    }
    for (const char* code :
         {"0 done", "1 a service failed", "2 usage", "3 not up", "4 no such service",
          "5 not permitted", "6 timed out", "100 no supervisor"}) {
        CHECK(text.find(code) != std::string::npos);
    }
}
