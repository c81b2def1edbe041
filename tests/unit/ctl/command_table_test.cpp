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
        CHECK(row.verb.has_value() == (command != Command::Help));
        CHECK(find_command(row.name).command == command);
        const std::string page = help_text(command);
        CHECK(page.find("usage: svctl [OPTION...] " + std::string(row.name)) == 0);
        CHECK(help_text(std::nullopt).find("  " + std::string(row.name)) != std::string::npos);
    }
    CHECK(names.size() == 21);
    CHECK(command_rows().back().command == Command::Help);
    CHECK(row_of(Command::Kill).name == "kill");
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
