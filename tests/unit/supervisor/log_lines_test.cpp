#include "supervisor/log_lines.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using mainstay::supervisor::Beginning;
using mainstay::supervisor::last_lines_of;
using mainstay::supervisor::LineCutter;

using List = std::vector<std::string>;

TEST_CASE("last lines: whole ones, oldest first, and one that is not ended", "[log_lines]") {
    CHECK(last_lines_of("", 3, Beginning::Whole).empty());
    CHECK(last_lines_of("a\nb\n\nc\n", 2, Beginning::Whole) == List{"", "c"});
    CHECK(last_lines_of("a\nb\n\nc\n", 9, Beginning::Whole) == List{"a", "b", "", "c"});
    CHECK(last_lines_of("a\nc\nhalf", 2, Beginning::Whole) == List{"c", "half"});
    CHECK(last_lines_of("a\n", 0, Beginning::Whole).empty());
}

TEST_CASE("what is left of a torn line is shown only where there is nothing else", "[log_lines]") {
    CHECK(last_lines_of("89\nab\n", 5, Beginning::Torn) == List{"ab"});
    CHECK(last_lines_of("23456789", 5, Beginning::Torn) == List{"23456789"});
    CHECK(last_lines_of("89\nab\n", 1, Beginning::Torn) == List{"ab"});
}

TEST_CASE("lines are cut out of pieces of any size", "[log_lines]") {
    LineCutter cutter;
    CHECK(cutter.cut("on").empty());
    CHECK(cutter.cut("e\n\ntwo\nth") == List{"one", "", "two"});
    CHECK(cutter.take_rest() == List{"th"});
    CHECK(cutter.take_rest().empty());
    const std::string longest(LineCutter::kMost, 'x');
    CHECK(cutter.cut(longest + "y\n") == List{longest, "y"});
    CHECK(cutter.cut(std::string_view()).empty());
}
