#include "ctl/format_json.h"

#include <catch2/catch.hpp>

using namespace mainstay::ctl;

TEST_CASE("a line keeps what it says, but for the number of the request", "[json]") {
    CHECK(
        format_json(R"({"id":1,"service":"web","state":"ready","of_the_future":[1,{"a":null}]})") ==
        R"({"service":"web","state":"ready","of_the_future":[1,{"a":null}]})"
        "\n");
}

TEST_CASE("nothing beyond ASCII leaves, and no control character", "[json]") {
    CHECK(format_json("{\"log\":[\"\xc3\xa4 \xc2\x9b\"]}") == "{\"log\":[\"\\u00e4 \\u009b\"]}\n");
    CHECK(format_json_error("timed-out", "a\x1b[2J\xff") ==
          R"({"code":"timed-out","error":"a\u001b[2J\ufffd"})"
          "\n");
}

TEST_CASE("every kind of value is written as it came, however deep", "[json]") {
    for (const char* line :
         {R"({"up":true,"paused":false,"cause":null,"pid":42})", R"({"big":-9007199254740993})",
          R"({"a":{},"b":[],"c":[{"d":[[],{}]},"e"]})", R"({"load":1.5e-3})", "{}"}) {
        CHECK(format_json(line) == std::string(line) + "\n");
    }
}

TEST_CASE("only the request's own number is left out, with all that is in it", "[json]") {
    CHECK(format_json(R"({"a":{"id":7},"id":[1,{"id":2}],"b":[{"id":3}]})") ==
          R"({"a":{"id":7},"b":[{"id":3}]})"
          "\n");
    CHECK(format_json(R"({"id":1})") == "{}\n");
}

TEST_CASE("what is no object gives nothing", "[json]") {
    CHECK(format_json("").empty());
    CHECK(format_json("[]").empty());
}

TEST_CASE("the version is that of both, or of svctl alone", "[json]") {
    CHECK(format_json_version({"0.1.0", "abc", 1, 0}, std::nullopt) ==
          R"({"svctl":{"mainstay":"0.1.0","commit":"abc","protocol":1}})"
          "\n");
    CHECK(format_json_version({"0.1.0", "abc", 1, 0}, {{"0.2.0", "def", 1, 7}}) ==
          R"({"svctl":{"mainstay":"0.1.0","commit":"abc","protocol":1},)"
          R"("supervisor":{"mainstay":"0.2.0","commit":"def","protocol":1,"pid":7}})"
          "\n");
}
