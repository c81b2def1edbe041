#include "common/fixed.h"

#include <catch2/catch.hpp>

using mainstay::FixedString;
using mainstay::FixedVector;

TEST_CASE("a fixed string cuts off what does not fit and stays terminated", "[fixed]") {
    FixedString<8> text("abc");
    text.append("defgh");
    CHECK(text == "abcdefg");
    CHECK(text.c_str()[7] == '\0');
    text.append("x").append_format("%d", 42);
    CHECK(text == "abcdefg");
    text.clear();
    CHECK(text.empty());
    text.append_format("%s-%d", "ab", 123456);
    CHECK(text == "ab-1234");
}

TEST_CASE("a fixed vector refuses what does not fit", "[fixed]") {
    FixedVector<int, 2> items;
    CHECK(items.push_back(1));
    CHECK(items.push_back(2));
    CHECK_FALSE(items.push_back(3));
    CHECK(items.size() == 2);
    CHECK(items[1] == 2);
}
