#include "common/frame.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using mainstay::LineSplitter;

namespace {

std::vector<std::string> drain(LineSplitter& splitter) {
    std::vector<std::string> lines;
    while (const auto line = splitter.next()) {
        lines.emplace_back(*line);
    }
    return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("several lines in one piece come out one by one", "[frame]") {
    LineSplitter splitter(10);
    splitter.feed("one\ntwo\n\nfour\n");
    CHECK(drain(splitter) == Lines{"one", "two", "", "four"});
    CHECK_FALSE(splitter.has_partial_line());
}

TEST_CASE("half a line waits for its other half", "[frame]") {
    LineSplitter splitter(10);
    splitter.feed("on");
    CHECK(drain(splitter).empty());
    CHECK(splitter.has_partial_line());
    splitter.feed("e\ntw");
    CHECK(drain(splitter) == Lines{"one"});
    CHECK(splitter.has_partial_line());
    splitter.feed("o\n");
    CHECK(drain(splitter) == Lines{"two"});
    CHECK_FALSE(splitter.has_partial_line());
}

TEST_CASE("the same bytes give the same lines however they are cut", "[frame]") {
    const std::string stream = std::string("alpha\nb\n\n") + '\0' + "x\ngamma\nrest";
    LineSplitter whole(16);
    whole.feed(stream);
    const Lines expected = drain(whole);
    REQUIRE(expected.size() == 5);

    const std::size_t step = GENERATE(std::size_t{1}, 2, 3, 5, 7, 21);
    CAPTURE(step);
    LineSplitter splitter(16);
    Lines lines;
    for (std::size_t at = 0; at < stream.size(); at += step) {
        splitter.feed(std::string_view(stream).substr(at, step));
        const Lines more = drain(splitter);
        lines.insert(lines.end(), more.begin(), more.end());
    }
    CHECK(lines == expected);
    CHECK(splitter.has_partial_line());
}

TEST_CASE("a line of exactly the limit passes, one byte more does not", "[frame]") {
    LineSplitter fits(4);
    fits.feed("four\n");
    CHECK(drain(fits) == Lines{"four"});
    CHECK_FALSE(fits.is_too_long());

    LineSplitter over(4);
    over.feed("fives\n");
    CHECK(drain(over).empty());
    CHECK(over.is_too_long());
}

TEST_CASE("a line is too long as soon as it is, newline or not", "[frame]") {
    LineSplitter splitter(4);
    splitter.feed("five");
    CHECK(drain(splitter).empty());
    CHECK_FALSE(splitter.is_too_long());
    splitter.feed("s");
    CHECK(drain(splitter).empty());
    CHECK(splitter.is_too_long());
}

TEST_CASE("lines before the one that is too long are handed out, those after it are not",
          "[frame]") {
    LineSplitter splitter(4);
    splitter.feed("a\nb\noverlong\nc\n");
    CHECK(drain(splitter) == Lines{"a", "b"});
    CHECK(splitter.is_too_long());
    splitter.feed("d\n");
    CHECK(drain(splitter).empty());
    CHECK(splitter.is_too_long());
    CHECK_FALSE(splitter.has_partial_line());
}
