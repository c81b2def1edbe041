#include "common/json_writer.h"

#include <catch2/catch.hpp>
#include <limits>

using mainstay::protocol::JsonObject;

namespace {

std::string string_value(std::string_view value) {
    JsonObject object;
    object.add("k", value);
    return object.line();
}

}  // namespace

TEST_CASE("fields stand in the order in which they were added", "[json]") {
    JsonObject inner;
    inner.add("x", std::int64_t{-1});
    JsonObject object;
    object.add("z", "s");
    object.add_bool("y", true);
    object.add("inner", inner);
    object.add("list", std::vector<std::string>{"a", "b"});
    object.add("none", std::vector<std::string>{});
    object.add_bool("a", false);
    CHECK(object.line() ==
          R"({"z":"s","y":true,"inner":{"x":-1},"list":["a","b"],"none":[],"a":false})"
          "\n");
    CHECK(JsonObject().line() == "{}\n");
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
    JsonObject object;
    object.add("max", std::numeric_limits<std::int64_t>::max());
    object.add("min", std::numeric_limits<std::int64_t>::min());
    CHECK(object.line() == "{\"max\":9223372036854775807,\"min\":-9223372036854775808}\n");
}
