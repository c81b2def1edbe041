#include <catch2/catch.hpp>
#include <csignal>
#include <string>

#include "common/enum_words.h"
#include "common/protocol.h"

namespace protocol = mainstay::protocol;
using namespace std::chrono_literals;
using mainstay::ExitStatus;
using mainstay::parse_enum;
using mainstay::ServiceState;
using mainstay::ServiceView;
using mainstay::Wanted;
using protocol::Done;
using protocol::ErrorCode;
using protocol::ExitCode;
using protocol::Greeting;
using protocol::Malformed;
using protocol::parse_greeting;
using protocol::parse_reply;
using protocol::Refusal;
using protocol::Reply;
using protocol::ServiceError;
using protocol::ServiceReply;
using protocol::VersionReply;

namespace {

template <typename Kind>
Kind read_as(std::string_view line) {
    const auto parsed = parse_reply(line);
    if (const auto* malformed = std::get_if<Malformed>(&parsed)) {
        FAIL(malformed->reason << " in " << line);
    }
    return std::get<Kind>(std::get<Reply>(parsed));
}

std::string malformed(std::string_view line) {
    const auto parsed = parse_reply(line);
    REQUIRE(std::holds_alternative<Malformed>(parsed));
    return std::get<Malformed>(parsed).reason;
}

mainstay::ServiceDetails full_details() {
    mainstay::ServiceDetails details;
    details.readiness = "notify";
    details.up_for = 3s;
    details.ready_for = 2s;
    details.watchdog = 30s;
    details.restart = {"on-failure", 5, 10s};
    details.needs = {{"db", ServiceState::Ready}, {"nix", std::nullopt}};
    details.wants = {{"cache", ServiceState::Down}};
    details.after = {{"net", ServiceState::Done}};
    details.before = {{"login", ServiceState::Waiting}};
    details.conflicts = {{"web2", ServiceState::Down}};
    details.members = {{"m", ServiceState::Up}};
    details.needed_by = {{"api", ServiceState::Waiting}};
    details.leftovers = {12, {5, 6, 7}};
    details.zombies = {3, {8, 9}};
    details.usage = {1U << 20U, 2U << 20U, 1500000, 7};
    details.death_count = 40;
    details.deaths = {{{ExitStatus::Kind::Exited, 1, false}, 1s, 9s, false, "", "restarted"},
                      {{ExitStatus::Kind::Signaled, SIGKILL, false}, 1s, 3s, true, "", ""}};
    return details;
}

ServiceView full_view() {
    ServiceView view;
    view.name = "web";
    view.description = "Shop front";
    view.directory = "/etc/sv/web";
    view.state = ServiceState::Backoff;
    view.wanted = Wanted::Up;
    view.is_paused = true;
    view.is_enabled = false;
    view.has_down_file = true;
    view.pid = 4802;
    view.restarts = 7;
    view.since = 12s;
    view.next_start = 8s;
    view.deadline = 41s;
    view.last_death = {
        {ExitStatus::Kind::Signaled, SIGSEGV, true}, 310ms, 12s, true, "watchdog", "restarted"};
    view.exec_failure = {"exec", "/etc/sv/web/run", "No such file or directory"};
    view.logger = {ServiceState::Ready, 311};
    view.cause = "needs db";
    view.log_lines = {"first", "", "l\x01st \xc3\xa4"};
    view.type = "oneshot";
    view.is_reloading = true;
    view.is_listening = true;
    view.has_changed = true;
    view.status_text = "serving 5 requests";
    view.blockers = {{"db", "needs", ServiceState::Starting, 41s}, {"nix", "needs", {}, {}}};
    view.own_details = std::make_shared<const mainstay::ServiceDetails>(full_details());
    return view;
}

}  // namespace

TEST_CASE("states and wanted states read back from their words", "[protocol]") {
    for (const char* word : {"down", "waiting", "starting", "up", "ready", "stopping", "finishing",
                             "backoff", "failed", "done"}) {
        const auto state = parse_enum<ServiceState>(word);
        REQUIRE(state.has_value());
        CHECK(to_string(*state) == word);
    }
    for (const char* word : {"down", "up", "once"}) {
        CHECK(to_string(parse_enum<Wanted>(word).value()) == word);
    }
    CHECK_FALSE(parse_enum<ServiceState>("running").has_value());
    CHECK_FALSE(parse_enum<ServiceState>("").has_value());
    CHECK(to_string(static_cast<ServiceState>(10)).empty());
}

TEST_CASE("a view survives the way over the wire with every field", "[protocol]") {
    const ServiceView view = full_view();
    const std::string line = encode(ServiceReply{5, view});
    CHECK(line.find('\n') == line.size() - 1);
    const auto reply = read_as<ServiceReply>(line);
    CHECK(reply.id == 5);
    CHECK(reply.view == view);
}

TEST_CASE("every state survives the way over the wire", "[protocol]") {
    for (std::uint8_t i = 0; !to_string(static_cast<ServiceState>(i)).empty(); ++i) {
        ServiceView view;
        view.name = "a";
        view.state = static_cast<ServiceState>(i);
        CHECK(read_as<ServiceReply>(encode(ServiceReply{1, view})).view == view);
    }
}

TEST_CASE("a service that is simply up costs few bytes", "[protocol]") {
    ServiceView view;
    view.name = "web";
    view.state = ServiceState::Ready;
    view.wanted = Wanted::Up;
    CHECK(encode(ServiceReply{1, view}) ==
          R"({"id":1,"service":"web","state":"ready","wanted":"up","since_ms":0})"
          "\n");
}

TEST_CASE("an exit code of 0 is a death as well", "[protocol]") {
    ServiceView view = full_view();
    view.last_death = {{ExitStatus::Kind::Exited, 0, false}, 0ms, 0ms, false, "", ""};
    CHECK(read_as<ServiceReply>(encode(ServiceReply{1, view})).view == view);
}

TEST_CASE("the shortest service reply there is has defaults", "[protocol]") {
    const auto reply = read_as<ServiceReply>(R"({"id":1,"service":"web","state":"ready"})");
    CHECK(reply.view.name == "web");
    CHECK(reply.view.state == ServiceState::Ready);
    CHECK(reply.view.is_enabled);
    CHECK_FALSE(reply.view.next_start.has_value());
}

TEST_CASE("done, version, refusal and service error survive the way over the wire", "[protocol]") {
    const auto done = read_as<Done>(encode(Done{3, ExitCode::TimedOut}));
    CHECK(done.id == 3);
    CHECK(done.exit == ExitCode::TimedOut);

    const Greeting greeting{"0.1.0", "abc123", 1, 77};
    CHECK(read_as<VersionReply>(encode(VersionReply{1, greeting})).supervisor == greeting);
    CHECK(std::get<Greeting>(parse_greeting(encode(greeting))) == greeting);

    const Refusal refusal{std::nullopt, ErrorCode::TooLong, "the line is too long"};
    CHECK(read_as<Refusal>(encode(refusal)) == refusal);
    CHECK(std::get<Refusal>(parse_greeting(encode(refusal))) == refusal);

    const auto error = read_as<ServiceError>(
        encode(ServiceError{4, "web", ErrorCode::ServiceFailed, "sentence", full_view()}));
    CHECK(error.service == "web");
    CHECK(error.code == ErrorCode::ServiceFailed);
    CHECK(error.message == "sentence");
    CHECK(error.view == full_view());

    const auto unknown = read_as<ServiceError>(
        encode(ServiceError{4, "nosuch", ErrorCode::UnknownService, "no such service", {}}));
    CHECK_FALSE(unknown.view.has_value());
}

TEST_CASE("the other replies survive the way over the wire", "[protocol]") {
    const mainstay::SystemView system{"web1", 3600s, 4100ms, true};
    CHECK(read_as<protocol::SystemReply>(encode(protocol::SystemReply{1, system})).system ==
          system);
    const auto progress =
        read_as<protocol::ProgressReply>(encode(protocol::ProgressReply{1, 3, full_view()}));
    CHECK(progress.pending == 3);
    CHECK(progress.view == full_view());
    const protocol::LogReply log{1, "web", {"a", "b\tc"}, 17, "7.1.20", true, "web/log"};
    CHECK(read_as<protocol::LogReply>(encode(log)) == log);
    const protocol::ChangeReply change{
        1, "web", "changed", {"exec", "needs"}, "/etc/service/web", "/etc/sv/web", "restart it"};
    CHECK(read_as<protocol::ChangeReply>(encode(change)) == change);
}

TEST_CASE("every kind of event survives the way over the wire", "[protocol]") {
    int kinds = 0;
    for (std::uint8_t i = 0; !to_string(static_cast<protocol::EventKind>(i)).empty(); ++i) {
        protocol::EventReply event;
        event.id = 4;
        event.kind = static_cast<protocol::EventKind>(i);
        event.at = 17s;
        event.was = ServiceState::Up;
        event.lost = 5;
        event.service = "web";
        event.view = full_view();
        const auto read = read_as<protocol::EventReply>(encode(event));
        CHECK(read.kind == event.kind);
        CHECK(read.at == 17s);
        CHECK(read.was == ServiceState::Up);
        CHECK(read.lost == 5);
        CHECK(read.view == full_view());
        event.view.reset();
        CHECK(read_as<protocol::EventReply>(encode(event)).service == "web");
        ++kinds;
    }
    CHECK(kinds == 7);
}

TEST_CASE("every error code has a word that reads back, and an exit code", "[protocol]") {
    int codes = 0;
    for (std::uint8_t i = 0; !to_string(static_cast<ErrorCode>(i)).empty(); ++i, ++codes) {
        const auto code = static_cast<ErrorCode>(i);
        CHECK(read_as<Refusal>(encode(Refusal{1, code, "why"})).code == code);
        CHECK(exit_code(code) != ExitCode::Done);
    }
    CHECK(codes == 11);
    CHECK(exit_code(ErrorCode::UnknownService) == ExitCode::NoSuchService);
    CHECK(exit_code(ErrorCode::NotPermitted) == ExitCode::NotPermitted);
    CHECK(exit_code(ErrorCode::NotUp) == ExitCode::NotUp);
    CHECK(exit_code(ErrorCode::TimedOut) == ExitCode::TimedOut);
    CHECK(exit_code(ErrorCode::BadRequest) == ExitCode::Usage);
}

TEST_CASE("codes of a newer supervisor are failures, not nonsense", "[protocol]") {
    CHECK(read_as<Refusal>(R"({"error":"too hot","code":"overheated"})").code ==
          ErrorCode::Internal);
    CHECK(read_as<Done>(R"({"id":1,"done":true,"exit":77})").exit == ExitCode::ServiceFailed);
}

TEST_CASE("the worse of two exit codes does not depend on their order", "[protocol]") {
    using protocol::worse_of;
    CHECK(worse_of(ExitCode::Done, ExitCode::Done) == ExitCode::Done);
    CHECK(worse_of(ExitCode::Done, ExitCode::NotUp) == ExitCode::NotUp);
    CHECK(worse_of(ExitCode::TimedOut, ExitCode::ServiceFailed) == ExitCode::ServiceFailed);
    CHECK(worse_of(ExitCode::ServiceFailed, ExitCode::TimedOut) == ExitCode::ServiceFailed);
    CHECK(worse_of(ExitCode::NoSuchService, ExitCode::ServiceFailed) == ExitCode::NoSuchService);
}

TEST_CASE("replies that are none are malformed and say why", "[protocol]") {
    CHECK(malformed("") == "the line is not a JSON object");
    CHECK(malformed("[1]") == "the line is not a JSON object");
    CHECK(malformed("{}") == "\"id\" is missing");
    CHECK(malformed(R"({"id":1})") == "\"done\" is missing");
    CHECK(malformed(R"({"id":1,"done":true})") == "\"exit\" is missing");
    CHECK(malformed(R"({"id":1,"done":true,"exit":"0"})") == "\"exit\" is not a whole number");
    CHECK(malformed(R"({"id":1,"service":"a"})") == "\"state\" is missing");
    CHECK(malformed(R"({"id":1,"service":5,"state":"up"})") == "\"service\" is not a string");
    CHECK(malformed(R"({"id":1,"service":"a","state":"flying"})").find("\"state\" has a word") ==
          0);
    CHECK(malformed(R"({"id":1,"service":"a","state":"up","pid":-5})") ==
          "\"pid\" is out of range");
    CHECK(malformed(R"({"id":1,"service":"a","state":"up","pid":4294967296})") ==
          "\"pid\" is out of range");
    CHECK(malformed(R"({"id":1,"service":"a","state":"up","last_death":5})") ==
          "\"last_death\" is not an object");
    CHECK(malformed(R"({"id":1,"service":"a","state":"up","last_death":{}})") ==
          "\"last_death\" \"code\" is missing");
    CHECK(malformed(R"({"id":1,"service":"a","state":"up","last_death":{"signal":0}})") ==
          "\"last_death\" \"signal\" is out of range");
    CHECK(malformed(R"({"id":1,"service":"a","state":"up","exec_failure":{"path":1}})") ==
          "\"exec_failure\" \"path\" is not a string");
    CHECK(malformed(R"({"id":1,"service":"a","state":"up","logger":{"pid":1}})") ==
          "\"logger\" \"state\" is missing");
    CHECK(malformed(R"({"id":1,"service":"a","state":"up","log":[1]})") ==
          "\"log\" is not an array of strings");
    CHECK(malformed(R"({"error":5,"code":"internal"})") == "\"error\" is not a string");
    CHECK(malformed(R"({"id":1,"service":"a","state":"up","waits_for":[1]})") ==
          "\"waits_for\" is not an array of objects");
    CHECK(malformed(R"({"id":1,"service":"a","state":"up","waits_for":[{}]})") ==
          "\"waits_for\" \"service\" is missing");
    CHECK(malformed(R"({"id":1,"service":"a","state":"up","details":[]})") ==
          "\"details\" is not an object");
    CHECK(malformed(
              R"({"id":1,"service":"a","state":"up","details":{"leftovers":{"pids":["x"]}}})") ==
          "\"details\" \"leftovers\" \"pids\" is not a whole number");
    CHECK(malformed(R"({"id":1,"service":"a","state":"up","details":{"needs":5}})") ==
          "\"details\" \"needs\" is not an array of objects");
    CHECK(malformed(R"({"id":1,"event":"boom","at_ms":1})") ==
          "\"event\" has a word that this version does not know");
    CHECK(malformed(R"({"id":1,"service":"a","lines":"x"})") ==
          "\"lines\" is not an array of strings");
}

TEST_CASE("greetings that are none are malformed", "[protocol]") {
    const char* line =
        GENERATE("", "SSH-2.0-OpenSSH_9.2", "{}", R"({"mainstay":"0.1.0"})",
                 R"({"mainstay":1,"protocol":1})", R"({"mainstay":"0.1.0","protocol":"1"})",
                 R"({"mainstay":"0.1.0","protocol":-1})", R"({"error":"busy"})");
    CAPTURE(line);
    CHECK(std::holds_alternative<Malformed>(parse_greeting(line)));
}

TEST_CASE("a greeting of another protocol version is still a greeting", "[protocol]") {
    const auto greeting = parse_greeting(R"({"mainstay":"9.0.0","protocol":9,"pid":1})");
    CHECK(std::get<Greeting>(greeting).protocol == 9);
}
