#include "ctl/reattach.h"

#include <catch2/catch.hpp>

using namespace mainstay;
using namespace mainstay::ctl;
using namespace mainstay::protocol;
using std::chrono::milliseconds;

namespace {

Request request_of(Verb verb, std::vector<std::string> services) {
    Request request;
    request.verb = verb;
    request.services = std::move(services);
    return request;
}

Reply ready(const char* name) {
    ServiceReply reply;
    reply.view.name = name;
    return reply;
}

Reply failed(const char* name) {
    return ServiceError{1, name, ErrorCode::ServiceFailed, "", std::nullopt};
}

Reply line_of(const char* service, const char* cursor) {
    return LogReply{1, service, {"line"}, 0, cursor};
}

}  // namespace

TEST_CASE("only who waits outlives the connection", "[reattach]") {
    for (const Verb verb : {Verb::Wait, Verb::Check, Verb::Events, Verb::Up, Verb::Down, Verb::Once,
                            Verb::Restart, Verb::TryRestart, Verb::Upgrade}) {
        CAPTURE(to_string(verb));
        CHECK(Reattachment(request_of(verb, {"web"})).outlives_connection());
    }
    for (const Verb verb : {Verb::Status, Verb::List, Verb::Log, Verb::Signal, Verb::Reload,
                            Verb::Rescan, Verb::Version}) {
        CAPTURE(to_string(verb));
        CHECK_FALSE(Reattachment(request_of(verb, {"web"})).outlives_connection());
    }
    Request request = request_of(Verb::Log, {"web"});
    request.follow = true;
    CHECK(Reattachment(request).outlives_connection());
    request = request_of(Verb::Up, {"web"});
    request.wait = false;
    CHECK_FALSE(Reattachment(request).outlives_connection());
}

TEST_CASE("what can be said twice is said again, the rest is waited for", "[reattach]") {
    const auto verb_after = [](Verb verb) {
        return Reattachment(request_of(verb, {"web"})).begin_again(std::nullopt)->verb;
    };
    CHECK(verb_after(Verb::Up) == Verb::Up);
    CHECK(verb_after(Verb::Down) == Verb::Down);
    CHECK(verb_after(Verb::Wait) == Verb::Wait);
    CHECK(verb_after(Verb::Restart) == Verb::Up);
    CHECK(verb_after(Verb::Once) == Verb::Wait);
    CHECK(verb_after(Verb::TryRestart) == Verb::Wait);
}

TEST_CASE("who answered is not asked again, and what it said counts", "[reattach]") {
    Reattachment open(request_of(Verb::Up, {"web", "db", "api"}));
    CHECK(open.take(ready("web")));
    CHECK(open.take(failed("db")));
    CHECK(open.begin_again(std::nullopt)->services == std::vector<std::string>{"api"});
    CHECK(open.exit_with(ExitCode::Done) == ExitCode::ServiceFailed);
    CHECK(open.take(ready("api")));
    CHECK_FALSE(open.begin_again(std::nullopt));
}

TEST_CASE("a pattern is asked again, and who answered before is not told twice", "[reattach]") {
    Reattachment open(request_of(Verb::Wait, {"w*"}));
    CHECK(open.take(ready("web")));
    CHECK(open.begin_again(std::nullopt)->services == std::vector<std::string>{"w*"});
    CHECK_FALSE(open.take(ready("web")));
    CHECK(open.take(ready("wiki")));
}

TEST_CASE("without a loss the supervisor alone says how it ended", "[reattach]") {
    Reattachment open(request_of(Verb::Up, {"web"}));
    CHECK(open.take(failed("web")));
    CHECK(open.exit_with(ExitCode::Done) == ExitCode::Done);
}

TEST_CASE("a log goes on behind the last cursor of each service", "[reattach]") {
    Request request = request_of(Verb::Log, {});
    request.follow = true;
    Reattachment open(request);
    CHECK(open.begin_again(std::nullopt)->resume == std::vector<std::string>{});
    CHECK(open.take(line_of("web", "7.1.10")));
    CHECK(open.take(line_of("db", "7.2.5")));
    CHECK(open.take(line_of("web", "7.1.20")));
    CHECK(open.begin_again(std::nullopt)->resume == std::vector<std::string>{"7.2.5", "7.1.20"});
    CHECK(open.take(failed("db")));  // it was removed
    CHECK(open.begin_again(std::nullopt)->resume == std::vector<std::string>{"7.1.20"});
}

TEST_CASE("that a log begins anew is told once", "[reattach]") {
    Reattachment open(request_of(Verb::Log, {"web"}));
    CHECK_FALSE(open.take_anew());
    CHECK(open.take(LogReply{1, "web", {}, 0, "8.1.0", true}));
    CHECK(open.take_anew());
    CHECK_FALSE(open.take_anew());
}

TEST_CASE("a timeout counts on, and none stays none", "[reattach]") {
    Request request = request_of(Verb::Up, {"web"});
    CHECK_FALSE(Reattachment(request).begin_again(milliseconds(700))->timeout);
    request.timeout = milliseconds(1000);
    CHECK(Reattachment(request).begin_again(milliseconds(700))->timeout == milliseconds(700));
}
