#include "common/json_writer.h"

#include <catch2/catch.hpp>
#include <limits>

using mainstay::protocol::append_json_string;
using mainstay::protocol::JsonCharset;
using mainstay::protocol::JsonObject;

namespace {

template <typename Write>
std::string object_line(Write write) {
    std::string line;
    JsonObject object(line);
    write(object);
    object.end_line();
    return line;
}

std::string string_value(std::string_view value) {
    return object_line([&](JsonObject& object) { object.add("k", value); });
}

}  // namespace

TEST_CASE("fields stand in the order in which they were added", "[json]") {
    const std::vector<int> numbers{1, 2};
    const std::string line = object_line([&](JsonObject& object) {
        object.add("z", "s");
        object.add_bool("y", true);
        object.add_object("inner", [](JsonObject& inner) { inner.add("x", std::int64_t{-1}); });
        object.add("list", std::vector<std::string>{"a", "b"});
        object.add("none", std::vector<std::string>{});
        object.add("pids", std::vector<std::int32_t>{7, -8});
        object.add("no_pids", std::vector<std::int32_t>{});
        object.add_objects("items", numbers, [](JsonObject& inner, int number) {
            inner.add("n", std::int64_t{number});
        });
        object.add_objects("nothing", std::vector<int>{}, [](JsonObject&, int) {});
        object.add_bool("a", false);
    });
    CHECK(line == R"({"z":"s","y":true,"inner":{"x":-1},"list":["a","b"],"none":[],"pids":[7,-8],)"
                  R"("no_pids":[],"items":[{"n":1},{"n":2}],"nothing":[],"a":false})"
                  "\n");
    CHECK(object_line([](JsonObject&) {}) == "{}\n");
}

TEST_CASE("strings are escaped where JSON asks for it, and one byte stays one line", "[json]") {
    CHECK(string_value("a\"b\\c/") == R"({"k":"a\"b\\c/"})"
                                      "\n");
    CHECK(string_value(std::string_view("\n\t\0\x1f\x7f", 5)) ==
          R"({"k":"\u000a\u0009\u0000\u001f\u007f"})"
          "\n");
}

TEST_CASE("UTF-8 passes, other bytes are replaced one by one", "[json]") {
    CHECK(string_value("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80") ==
          "{\"k\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"}\n");
    CHECK(string_value("a\xff\xc3") == "{\"k\":\"a\xef\xbf\xbd\xef\xbf\xbd\"}\n");
    CHECK(string_value("\xed\xa0\x80") == "{\"k\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}\n");
}

TEST_CASE("numbers are written to their last digit", "[json]") {
    const std::string line = object_line([](JsonObject& object) {
        object.add("max", std::numeric_limits<std::int64_t>::max());
        object.add("min", std::numeric_limits<std::int64_t>::min());
    });
    CHECK(line == "{\"max\":9223372036854775807,\"min\":-9223372036854775808}\n");
}

TEST_CASE("in ASCII everything beyond it is escaped", "[json]") {
    std::string out;
    append_json_string(out, "\xc3\xa4\xf0\x9f\x98\x80\xff\"", JsonCharset::Ascii);
    CHECK(out == R"("\u00e4\ud83d\ude00\ufffd\"")");
}
