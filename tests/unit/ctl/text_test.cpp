#include "ctl/text.h"

#include <catch2/catch.hpp>

using namespace mainstay::ctl;

TEST_CASE("plain text stays as it is", "[text]") {
    CHECK(visible("hello, world ~!", Charset::Ascii) == "hello, world ~!");
    CHECK(visible("gr\xc3\xb6\xc3\x9f"
                  "e \xe2\x82\xac \xf0\x9f\x98\x80",
                  Charset::Utf8) ==
          "gr\xc3\xb6\xc3\x9f"
          "e \xe2\x82\xac \xf0\x9f\x98\x80");
}

TEST_CASE("whatever a terminal would obey becomes visible", "[text]") {
    CHECK(visible("\x1b[31m", Charset::Utf8) == "\\x1b[31m");
    CHECK(visible("a\rb\nc\x7f", Charset::Utf8) == "a\\x0db\\x0ac\\x7f");
    CHECK(visible(std::string_view("\0", 1), Charset::Utf8) == "\\x00");
    CHECK(visible("a\tb", Charset::Ascii) == "a b");
    CHECK(visible("\xc2\x9b", Charset::Utf8) == "\\u{9b}");
}

TEST_CASE("characters that hide or reorder text become visible", "[text]") {
    CHECK(visible("\xe2\x80\xae"
                  "gpj.exe",
                  Charset::Utf8) == "\\u{202e}gpj.exe");
    CHECK(visible("\xe2\x80\x8b", Charset::Utf8) == "\\u{200b}");
    CHECK(visible("\xf3\xa0\x80\xa1", Charset::Utf8) == "\\u{e0021}");
}

TEST_CASE("bytes that are not UTF-8 become visible one by one", "[text]") {
    CHECK(visible("\xff", Charset::Utf8) == "\\xff");
    CHECK(visible("\xc3", Charset::Utf8) == "\\xc3");
    CHECK(visible("\xc3(", Charset::Utf8) == "\\xc3(");
    CHECK(visible("\xc0\xaf", Charset::Utf8) == "\\xc0\\xaf");
    CHECK(visible("\xe0\x80\xaf", Charset::Utf8) == "\\xe0\\x80\\xaf");
    CHECK(visible("\xed\xa0\x80", Charset::Utf8) == "\\xed\\xa0\\x80");
    CHECK(visible("\xf4\x90\x80\x80", Charset::Utf8) == "\\xf4\\x90\\x80\\x80");
    CHECK(visible("\xe2\x82", Charset::Utf8) == "\\xe2\\x82");
    CHECK(visible("\x80", Charset::Utf8) == "\\x80");
}

TEST_CASE("in ASCII everything beyond it becomes visible", "[text]") {
    CHECK(visible("\xc3\xb6", Charset::Ascii) == "\\u{f6}");
    CHECK(visible("\xff", Charset::Ascii) == "\\xff");
}

TEST_CASE("columns are not bytes", "[text]") {
    CHECK(columns("") == 0);
    CHECK(columns("abc") == 3);
    CHECK(columns("\xc3\xb6") == 1);
    CHECK(columns("e\xcc\x81") == 1);
    CHECK(columns("\xe6\x97\xa5\xe6\x9c\xac") == 4);
    CHECK(columns("\xf0\x9f\x98\x80") == 2);
}

TEST_CASE("text is cut to columns, and its end says so", "[text]") {
    CHECK(fit("abcdef", 6, Charset::Ascii) == "abcdef");
    CHECK(fit("abcdef", 5, Charset::Ascii) == "abcd~");
    CHECK(fit("abcdef", 5, Charset::Utf8) == "abcd…");
    CHECK(fit("abcdef", 1, Charset::Ascii) == "~");
    CHECK(fit("abcdef", kNoWidthLimit, Charset::Ascii) == "abcdef");
    CHECK(fit("\xe6\x97\xa5\xe6\x9c\xac", 3, Charset::Utf8) == "\xe6\x97\xa5…");
    CHECK(fit("\xe6\x97\xa5\xe6\x9c\xac", 2, Charset::Utf8) == "…");
}

TEST_CASE("text is parted into lines at blanks, and no word is cut", "[text]") {
    using Lines = std::vector<std::string>;
    CHECK(wrap("", 10).empty());
    CHECK(wrap("one two three", 7) == Lines{"one two", "three"});
    CHECK(wrap("one two three", 6) == Lines{"one", "two", "three"});
    CHECK(wrap("a /very/long/path b", 6) == Lines{"a", "/very/long/path", "b"});
    CHECK(wrap("\xc3\xb6\xc3\xb6 \xc3\xb6", 4) == Lines{"\xc3\xb6\xc3\xb6 \xc3\xb6"});
    CHECK(wrap("one two  three", kNoWidthLimit) == Lines{"one two  three"});
}

TEST_CASE("padding fills up to columns", "[text]") {
    CHECK(pad("ab", 4) == "ab  ");
    CHECK(pad("abcde", 4) == "abcde");
    CHECK(pad("\xc3\xb6", 3) == "\xc3\xb6  ");
}

TEST_CASE("sizes are told to the tenth of their unit", "[text]") {
    CHECK(size_text(0) == "0 B");
    CHECK(size_text(1023) == "1023 B");
    CHECK(size_text(1024) == "1.0 KiB");
    CHECK(size_text(12'900'000) == "12.3 MiB");
    CHECK(size_text(std::uint64_t{1} << 32U) == "4.0 GiB");
    CHECK(size_text(~std::uint64_t{0}) == "16383.9 PiB");
}
