#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "common/enum_words.h"
#include "common/protocol.h"

namespace protocol = mainstay::protocol;
using namespace std::chrono_literals;
using protocol::ErrorCode;
using protocol::parse_request;
using protocol::Refusal;
using protocol::Request;
using protocol::Verb;

namespace {

Request good(std::string_view line) {
    const auto parsed = parse_request(line);
    if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
        FAIL(refusal->message);
    }
    return std::get<Request>(parsed);
}

Refusal bad(std::string_view line) {
    const auto parsed = parse_request(line);
    REQUIRE(std::holds_alternative<Refusal>(parsed));
    return std::get<Refusal>(parsed);
}

Request plain(protocol::RequestId id, Verb verb, std::vector<std::string> services = {}) {
    Request request;
    request.id = id;
    request.verb = verb;
    request.services = std::move(services);
    return request;
}

}  // namespace

TEST_CASE("a request with nothing but id and verb has the defaults", "[protocol]") {
    const Request request = good(R"({"id":7,"verb":"status"})");
    CHECK(request == plain(7, Verb::Status));
}

TEST_CASE("a request with everything is read whole", "[protocol]") {
    const Request request = good(
        R"({"id":9007199254740991,"verb":"down","services":["web","db"],"wait":false,"timeout_ms":1500})");
    Request expected = plain(protocol::kMaxRequestId, Verb::Down, {"web", "db"});
    expected.wait = false;
    expected.timeout = 1500ms;
    CHECK(request == expected);
}

TEST_CASE("every verb survives the way over the wire", "[protocol]") {
    int verbs = 0;
    for (std::uint8_t i = 0; !to_string(static_cast<Verb>(i)).empty(); ++i, ++verbs) {
        Request request = plain(i, static_cast<Verb>(i), {"a", "b"});
        request.timeout = 3s;
        request.signal = request.verb == Verb::Signal ? 10 : 0;
        request.path = request.verb == Verb::Add ? "/etc/sv/a" : "";
        request.ready = request.verb == Verb::Notify;
        const std::string line = encode(request);
        CAPTURE(line);
        REQUIRE(line.back() == '\n');
        CHECK(good(line) == request);
    }
    CHECK(verbs == 25);
}

TEST_CASE("what single verbs take survives the way over the wire", "[protocol]") {
    Request request = plain(1, Verb::Log, {"a"});
    request.lines = 50;
    request.follow = true;
    CHECK(good(encode(request)) == request);
    request.resume = {"7.1.20", "7.2.5"};
    CHECK(good(encode(request)) == request);
    request.resume->clear();
    CHECK(good(encode(request)).resume == std::vector<std::string>{});
    request = plain(2, Verb::Wait);
    request.goal = protocol::Goal::Boot;
    CHECK(good(encode(request)) == request);
    request = plain(3, Verb::Status);
    request.detail = protocol::Detail::Full;
    CHECK(good(encode(request)) == request);
    request = plain(4, Verb::Enable);
    request.path = "/opt/sv/a";
    request.place = protocol::Place::Runtime;
    CHECK(good(encode(request)) == request);
    request = plain(5, Verb::Notify, {"a"});
    request.status_text = "";
    CHECK(good(encode(request)) == request);
    request = plain(6, Verb::Up, {"a"});
    request.progress = true;
    CHECK(good(encode(request)) == request);
}

TEST_CASE("signals are named or numbered", "[protocol]") {
    CHECK(good(R"({"id":1,"verb":"signal","services":["a"],"signal":"HUP"})").signal == 1);
    CHECK(good(R"({"id":1,"verb":"signal","services":["a"],"signal":"sigusr1"})").signal == 10);
    CHECK(good(R"({"id":1,"verb":"signal","services":["a"],"signal":64})").signal == 64);
}

TEST_CASE("fields of the future are ignored, null is as good as absent", "[protocol]") {
    CHECK(good(R"({"id":1,"verb":"list","colour":{"a":[1,2]},"services":null})") ==
          plain(1, Verb::List));
}

TEST_CASE("what is no JSON object is refused without an id", "[protocol]") {
    const char* line = GENERATE("", " ", "{", "}", "nonsense", "[]", "[1,2]", "1", "\"up\"", "null",
                                "{\"id\":1,\"verb\":\"up\"", "{\"id\":1,}", "{'id':1}", "\xff\xfe",
                                "{\"id\":1,\"verb\":\"\xc3\x28\"}", "{\"id\":1}{\"id\":2}");
    CAPTURE(line);
    const Refusal refusal = bad(line);
    CHECK(refusal.code == ErrorCode::BadRequest);
    CHECK_FALSE(refusal.id.has_value());
    CHECK(refusal.message.find("not a JSON object") != std::string::npos);
}

TEST_CASE("a wrong field is refused by its name, with the request's id", "[protocol]") {
    struct Case {
        const char* fields;
        const char* problem;
    };
    const auto [fields, problem] = GENERATE(
        Case{R"("a":1)", R"("verb" is missing)"}, Case{R"("verb":5)", R"("verb" is not a string)"},
        Case{R"("verb":"up")", R"("services" is missing or empty)"},
        Case{R"("verb":"up","services":[])", R"("services" is missing or empty)"},
        Case{R"("verb":"up","services":"web")", R"("services" is not an array of strings)"},
        Case{R"("verb":"up","services":["a",1])", R"("services" is not an array of strings)"},
        Case{R"("verb":"status","wait":1)", R"("wait" is not true or false)"},
        Case{R"("verb":"status","timeout_ms":-1)", R"("timeout_ms" is out of range)"},
        Case{R"("verb":"status","timeout_ms":1.5)", R"("timeout_ms" is not a whole number)"},
        Case{R"("verb":"status","timeout_ms":"5s")", R"("timeout_ms" is not a whole number)"},
        Case{R"("verb":"status","timeout_ms":18446744073709551615)",
             R"("timeout_ms" is out of range)"},
        Case{R"("verb":"signal","services":["a"])", R"("signal" is missing)"},
        Case{R"("verb":"signal","services":["a"],"signal":0)", R"("signal" is out of range)"},
        Case{R"("verb":"signal","services":["a"],"signal":65)", R"("signal" is out of range)"},
        Case{R"("verb":"signal","services":["a"],"signal":"NOPE")", R"("signal" is no signal)"},
        Case{R"("verb":"signal","services":["a"],"signal":[1])",
             R"("signal" is not a whole number)"},
        Case{R"("verb":"wait")", R"("services" is missing or empty)"},
        Case{R"("verb":"wait","services":["a"],"for":"rain")", R"("for" has a word)"},
        Case{R"("verb":"log","lines":100001)", R"("lines" is out of range)"},
        Case{R"("verb":"log","follow":"yes")", R"("follow" is not true or false)"},
        Case{R"("verb":"status","detail":"some")", R"("detail" has a word)"},
        Case{R"("verb":"add")", R"("path" is missing)"},
        Case{R"("verb":"add","path":"web")", R"("path" is not an absolute path)"},
        Case{R"("verb":"add","path":"/a\u0000b")", R"("path" is not an absolute path)"},
        Case{R"("verb":"enable")", R"("services" is missing or empty)"},
        Case{R"("verb":"enable","services":["a"],"place":"here")", R"("place" has a word)"},
        Case{R"("verb":"remove")", R"("services" is missing or empty)"},
        Case{R"("verb":"notify","services":["a"])", R"("ready" and "status_text" are missing)"},
        Case{R"("verb":"notify","services":["a"],"status_text":5)",
             R"("status_text" is not a string)"});
    CAPTURE(fields);
    const Refusal refusal = bad("{\"id\":42," + std::string(fields) + "}");
    CHECK(refusal.code == ErrorCode::BadRequest);
    CHECK(refusal.id == 42);
    CAPTURE(refusal.message);
    CHECK(refusal.message.find(problem) != std::string::npos);
}

TEST_CASE("an id that is none is refused and not repeated", "[protocol]") {
    const char* id = GENERATE("-1", "1.0", "\"1\"", "null", "9007199254740992", "1e3", "[]",
                              "99999999999999999999999999");
    CAPTURE(id);
    const Refusal refusal = bad(R"({"verb":"list","id":)" + std::string(id) + "}");
    CHECK_FALSE(refusal.id.has_value());
    CHECK(refusal.code == ErrorCode::BadRequest);
    CHECK(refusal.message.find("\"id\"") != std::string::npos);
}

TEST_CASE("an unknown verb is told apart from a bad request", "[protocol]") {
    const Refusal refusal = bad(R"({"id":3,"verb":"fly","services":["web"]})");
    CHECK(refusal.code == ErrorCode::UnknownVerb);
    CHECK(refusal.id == 3);
    CHECK(refusal.message.find("\"fly\"") != std::string::npos);
}

TEST_CASE("a line nested as deep as it may be long does no harm", "[protocol]") {
    const std::string deep(protocol::kMaxRequestLine, '[');
    CHECK(bad(deep).code == ErrorCode::BadRequest);
    const std::string closed =
        R"({"id":1,"verb":"list","x":)" + std::string(30000, '[') + std::string(30000, ']') + "}";
    CHECK(good(closed).verb == Verb::List);
}

TEST_CASE("names with odd characters arrive as they were sent", "[protocol]") {
    const Request request = plain(1, Verb::Up, {"a b", "\"q\"", "tab\there", "\x1b[31m", "ü"});
    CHECK(good(encode(request)) == request);
}

TEST_CASE("bytes that are not UTF-8 never throw: they are replaced", "[protocol]") {
    const Request request = plain(1, Verb::Up, {"bad\xff"});
    CHECK(good(encode(request)).services.front() == "bad\xEF\xBF\xBD");
}
