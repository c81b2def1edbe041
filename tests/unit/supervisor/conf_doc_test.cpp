/// service.conf(5) has every key, in the order of the table, with the example of the table.
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <string>

#include "supervisor/conf_keys.h"

using namespace mainstay::supervisor;

namespace {

std::string manual() {
    std::ifstream file(MAINSTAY_SOURCE_DIR "/docs/man/service.conf.5");
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// As mdoc has it: a quotation mark would begin an argument.
std::string in_mdoc(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        escaped += c == '"' ? std::string("\\(dq") : std::string(1, c);
    }
    return escaped;
}

}  // namespace

TEST_CASE("every key has its entry in service.conf(5): type, default and example", "[conf]") {
    const std::string text = manual();
    REQUIRE_FALSE(text.empty());
    std::size_t at = 0;
    for (const ConfKeyInfo& info : conf_keys()) {
        const std::string name(info.name);
        INFO(name);
        const std::size_t found = text.find("\n.It Cm " + name + " No = ", at);
        REQUIRE(found != std::string::npos);
        const std::size_t end = text.find("\n.It ", found + 1);
        const std::string entry = text.substr(found, end + 1 - found);
        CHECK(entry.find("\nType: ") != std::string::npos);
        CHECK(entry.find("\nDefault:") != std::string::npos);
        CHECK(entry.find("\n.Ql " + name + " = " + in_mdoc(info.example) + "\n") !=
              std::string::npos);
        at = found + 1;
    }
}
