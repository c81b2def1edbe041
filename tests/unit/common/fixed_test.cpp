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

TEST_CASE("a fixed queue keeps the order around its end and refuses what does not fit", "[fixed]") {
    mainstay::FixedQueue<int, 3> queue;
    int next_in = 0;
    int next_out = 0;
    for (int round = 0; round < 5; ++round) {
        while (queue.push(next_in)) {
            ++next_in;
        }
        CHECK(queue.pop() == next_out++);
        CHECK(queue.pop() == next_out++);
    }
    CHECK(queue.pop() == next_out++);
    CHECK(queue.empty());
    CHECK(next_in == next_out);
}
