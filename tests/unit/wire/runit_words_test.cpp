#include "common/runit_words.h"

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <limits>
#include <vector>

using namespace mainstay;

namespace {

/// "a", "b=value", "?problem", then "| " and the rest.
std::string read(std::vector<std::string> words, std::string_view letters) {
    std::vector<char*> pointers;
    for (std::string& word : words) {
        pointers.push_back(word.data());
    }
    RunitOptions options(pointers, letters);
    std::string all;
    while (const char letter = options.next()) {
        all += letter;
        if (letter == RunitOptions::kBad) {
            all += options.problem();
        } else if (letters.substr(letters.find(letter) + 1, 1) == ":") {
            all += std::string("=") + options.value();
        }
        all += ' ';
    }
    all += '|';
    for (const char* word : options.rest()) {
        all += std::string(" ") + word;
    }
    return all;
}

}  // namespace

TEST_CASE("runit options: letters, values, and where they end", "[runit]") {
    CHECK(read({"-ab", "-c", "x", "y", "-a"}, "abc:") == "a b c=x | y -a");
    CHECK(read({"-acx", "-"}, "abc:") == "a c=x | -");
    CHECK(read({"--", "-a"}, "a") == "| -a");
    CHECK(read({}, "a") == "|");
    CHECK(read({""}, "a") == "| ");
    CHECK(read({"-za", "b"}, "a") == "?illegal option -- z a | b");
    CHECK(read({"-a:"}, "a:") == "a=: |");
    CHECK(read({"-:"}, "a:") == "?illegal option -- : |");
    CHECK(read({"-c"}, "c:") == "?option requires an argument -- c |");
}

TEST_CASE("runit numbers: what begins a text", "[runit]") {
    CHECK(leading_number("12k").value == 12);
    CHECK(leading_number("12k").length == 2);
    CHECK(leading_number("x").length == 0);
    CHECK(leading_number("18446744073709551615").value ==
          std::numeric_limits<std::uint64_t>::max());
    CHECK(leading_number("99999999999999999999999").value ==
          std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("runit errors: its own words, and everybody's for the rest", "[runit]") {
    CHECK(std::string_view(runit_error_text(ENOENT)) == "file does not exist");
    CHECK(std::string_view(runit_error_text(EXDEV)) == "Invalid cross-device link");
}
