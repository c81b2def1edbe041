#include "common/json_reader.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "json_reference.h"

using namespace mainstay::protocol;
using mainstay::test::same_as_reference;

namespace {

bool is_json(std::string_view text) {
    return JsonDocument(text).is_valid();
}

std::string read_string(std::string_view text) {
    const JsonDocument document(text);
    REQUIRE(document.is_valid());
    REQUIRE(document.node(0).kind == JsonKind::String);
    return std::string(document.node(0).text);
}

}  // namespace

TEST_CASE("values follow each other in the order of the text", "[json]") {
    const JsonDocument document(R"( {"a":[1,-2.5e3,[]],"b":{"c":null},"d":true} )");
    REQUIRE(document.is_object());
    CHECK(document.node(0).next == 8);
    CHECK(document.node(1).key == "a");
    CHECK(document.node(1).kind == JsonKind::Array);
    CHECK(document.node(1).next == 5);
    CHECK(document.node(2).text == "1");
    CHECK(document.node(3).text == "-2.5e3");
    CHECK(document.node(4).kind == JsonKind::Array);
    CHECK(document.node(5).key == "b");
    CHECK(document.node(6).key == "c");
    CHECK(document.node(6).kind == JsonKind::Null);
    CHECK(document.node(6).parent == 5);
    CHECK(document.node(7).kind == JsonKind::True);
}

TEST_CASE("escapes become what they stand for", "[json]") {
    CHECK(read_string(R"("a\"b\\c\/d\b\f\n\r\t")") == "a\"b\\c/d\b\f\n\r\t");
    CHECK(read_string(R"("\u0041\u00e4\u20ac\ud83d\ude00")") ==
          "A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    CHECK(read_string(R"("x\u0000y")") == std::string("x\0y", 3));
    CHECK(read_string("\"\xc3\xa4\"") == "\xc3\xa4");
    const JsonDocument document(R"({"k\u0065y":"v\n","w":"\t"})");
    REQUIRE(document.is_valid());
    CHECK(document.node(1).key == "key");
    CHECK(document.node(1).text == "v\n");
    CHECK(document.node(2).text == "\t");
}

TEST_CASE("what is no JSON is none", "[json]") {
    const char* text = GENERATE(
        "", " ", "{", "}", "[", "]", "{]", "[}", "[1,]", "[,1]", "{,}", "{\"a\"}", "{\"a\":}",
        "{\"a\":1,}", "{a:1}", "{1:1}", "[1 2]", "1 2", "nul", "nulll", "True", "01", "-", "+1",
        ".5", "1.", "1e", "1e+", "0x1", "--1", "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"",
        "\"\\u12g4\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\ud800x\"", "\"\t\"",
        "\"\n\"", "\"\xff\"", "\"\xc3\x28\"", "\"\xed\xa0\x80\"", "[1]]", "{}{}", "\xef");
    CAPTURE(text);
    CHECK_FALSE(is_json(text));
    CHECK(same_as_reference(text));
}

TEST_CASE("a NUL is a byte like any other that JSON does not have", "[json]") {
    using namespace std::string_view_literals;
    CHECK_FALSE(is_json("\0"sv));
    CHECK_FALSE(is_json("[1]\0"sv));
    CHECK_FALSE(is_json("[1\0]"sv));
    CHECK_FALSE(is_json("\"a\0\""sv));
}

TEST_CASE("brackets may nest as deep as the line is long", "[json]") {
    constexpr std::size_t kDeep = 500'000;
    CHECK(is_json(std::string(kDeep, '[') + std::string(kDeep, ']')));
    CHECK_FALSE(is_json(std::string(kDeep, '[')));
}

TEST_CASE("it reads what the library reads, and refuses what it refuses", "[json]") {
    std::mt19937 random(20);
    const std::string_view pieces[] = {"{",      "}",   "[",       "]",           ",",
                                       ":",      "\"",  "\"a\"",   "1",           "-0",
                                       "2.5",    "1e2", "true",    "null",        " ",
                                       "\"k\":", "\\",  R"("\n")", R"("\u00e4")", "\"\xc3\xa4\"",
                                       "\xff",   "x"};
    std::uniform_int_distribution<std::size_t> which(0, std::size(pieces) - 1);
    std::uniform_int_distribution<int> how_many(1, 12);
    int accepted = 0;
    for (int i = 0; i < 50'000; ++i) {
        std::string text;
        for (int n = how_many(random); n > 0; --n) {
            text += pieces[which(random)];
        }
        CAPTURE(text);
        REQUIRE(same_as_reference(text));
        accepted += is_json(text) ? 1 : 0;
    }
    CHECK(accepted > 100);
}
