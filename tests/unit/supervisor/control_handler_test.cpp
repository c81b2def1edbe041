#include "supervisor/control_handler.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <memory>

#include "unit/supervisor/control_fixture.h"
#include "unit/supervisor/state_text.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::fakes;

TEST_CASE("looking shows services, not loggers, and log lines of who was named", "[control]") {
    Control control;
    control.directory("/sv/web").has_log = true;
    control.services.add("web", "/sv/web");
    control.run("db");
    control.outputs.lines[control.service("db").id] = {"one", "two"};
    const std::string all = control.ask(R"({"id":1,"verb":"status"})");
    CHECK(has(all, R"("service":"db")"));
    CHECK(has(all, R"("logger":{)"));
    CHECK_FALSE(has(all, "web/log\""));
    CHECK_FALSE(has(all, "two"));
    CHECK(has(control.ask(R"({"id":1,"verb":"status","services":["db"]})"), "two"));
    CHECK(has(control.ask(R"({"id":1,"verb":"status","services":["web/log"]})"),
              R"("service":"web/log")"));
}

TEST_CASE("what nobody is called is said, and the rest is done", "[control]") {
    Control control;
    control.run("web");
    const std::string out = control.ask(R"({"id":1,"verb":"list","services":["nix","web","x*"]})");
    CHECK(has(out, "no service nix; svctl list names those that there are"));
    CHECK(has(out, "no service matches x*"));
    CHECK(has(out, R"("service":"web")"));
    CHECK(has(out, R"("exit":4)"));
}

TEST_CASE("up answers when the service has lived 100 ms", "[control]") {
    Control control;
    control.directory("/sv/web").has_down_file = true;
    control.services.add("web", "/sv/web");
    const auto job = control.begin(R"({"id":7,"verb":"up","services":["w?b"]})");
    std::string out;
    CHECK(job->advance(out) == ControlJob::Progress::Waiting);
    control.processes.execute(control.pid("web"));
    control.clock.advance(99ms);
    CHECK(job->advance(out) == ControlJob::Progress::Waiting);
    CHECK(out.empty());
    control.clock.advance(1ms);
    CHECK(control.wakes > 0);
    CHECK(job->advance(out) == ControlJob::Progress::Done);
    CHECK(has(out, R"("state":"ready")"));
    CHECK(has(out, R"("exit":0)"));
}

TEST_CASE("up of a service that dies says why, with its last lines", "[control]") {
    Control control;
    control.directory("/sv/web").has_down_file = true;
    control.services.add("web", "/sv/web");
    control.outputs.lines[control.service("web").id] = {"cannot bind"};
    const auto job = control.begin(R"({"id":7,"verb":"up","services":["web"]})");
    control.processes.execute(control.pid("web"));
    control.processes.end(control.pid("web"), exited(1), 20ms);
    std::string out;
    CHECK(job->advance(out) == ControlJob::Progress::Done);
    CHECK(has(out, "exit 1 after 20 ms"));
    CHECK(has(out, "cannot bind"));
    CHECK(has(out, R"("exit":1)"));
}

TEST_CASE("restart waits for the other process", "[control]") {
    Control control;
    control.run("web");
    control.clock.advance(1s);
    const std::int32_t before = control.pid("web");
    const auto job = control.begin(R"({"id":7,"verb":"restart","services":["web"]})");
    std::string out;
    CHECK(job->advance(out) == ControlJob::Progress::Waiting);
    control.processes.end(before, killed_by(SIGTERM));
    control.processes.execute(control.pid("web"));
    CHECK(job->advance(out) == ControlJob::Progress::Waiting);
    control.clock.advance(100ms);
    CHECK(job->advance(out) == ControlJob::Progress::Done);
    CHECK(has(out, "\"pid\":" + std::to_string(control.pid("web"))));
    CHECK(control.pid("web") != before);
}

TEST_CASE("who waits hears that somebody else wanted otherwise", "[control]") {
    Control control;
    control.run("web");
    const auto down = control.begin(R"({"id":1,"verb":"down","services":["web"]})");
    const auto up = control.begin(R"({"id":2,"verb":"up","services":["web"],"wait":false})");
    std::string out;
    CHECK(down->advance(out) == ControlJob::Progress::Done);
    CHECK(has(out, "somebody else wanted it up meanwhile"));
}

TEST_CASE("a wait ends at its timeout, and its timer with it", "[control]") {
    Control control;
    control.run("web");
    control.clock.advance(1s);
    auto job = control.begin(R"({"id":1,"verb":"down","services":["web"],"timeout_ms":500})");
    std::string out;
    SECTION("timed out") {
        control.clock.advance(500ms);
        CHECK(job->advance(out) == ControlJob::Progress::Done);
        CHECK(has(out, "still stopping after 500 ms; it goes on"));
        CHECK(has(out, R"("exit":6)"));
        CHECK(control.state("web") == ServiceState::Stopping);
    }
    SECTION("in time") {
        control.processes.end(control.pid("web"), killed_by(SIGTERM));
        CHECK(control.clock.armed() == 0);
        CHECK(job->advance(out) == ControlJob::Progress::Done);
        CHECK(has(out, R"("state":"down")"));
    }
    SECTION("or when the client goes away; the stop goes on") {
        job.reset();
        CHECK(control.clock.armed() == 1);
        control.processes.end(control.pid("web"), killed_by(SIGTERM));
        CHECK(control.state("web") == ServiceState::Down);
    }
}

TEST_CASE("exits are reaped before a command is obeyed", "[control]") {
    Control control;
    control.run("web");
    const std::int32_t pid = control.pid("web");
    control.processes.unseen_exits[pid] = killed_by(SIGSEGV);
    control.ask(R"({"id":1,"verb":"signal","services":["web"],"signal":"HUP"})");
    CHECK(control.processes.reaps == 1);
    for (const auto& sent : control.processes.sent) {
        CHECK(sent.pid != pid);
    }
}

TEST_CASE("signals reach who runs, and pause is shown", "[control]") {
    Control control;
    control.run("web");
    CHECK(has(control.ask(R"({"id":1,"verb":"signal","services":["web"],"signal":"STOP"})"),
              R"("paused":true)"));
    CHECK_FALSE(has(control.ask(R"({"id":1,"verb":"signal","services":["web"],"signal":"CONT"})"),
                    R"("paused":true)"));
    control.directory("/sv/off").has_down_file = true;
    control.services.add("off", "/sv/off");
    const std::string out =
        control.ask(R"({"id":1,"verb":"signal","services":["off"],"signal":"HUP"})");
    CHECK(has(out, "not running, so there is nobody to send HUP to"));
    CHECK(has(out, R"("exit":3)"));
}

TEST_CASE("rights: everything, look, nothing", "[control]") {
    Control control;
    control.run("web");
    const char* up = R"({"id":1,"verb":"up","services":["web"]})";
    const char* list = R"({"id":1,"verb":"list"})";
    CHECK(has(control.ask(list, Rights::Look), R"("exit":0)"));
    CHECK(has(control.ask(up, Rights::Look), "not-permitted"));
    CHECK(has(control.ask(list, Rights::None), "not-permitted"));
}

TEST_CASE("garbage ends the connection, a wrong request only itself", "[control]") {
    Control control;
    std::string out;
    CHECK(control.begin("garbage")->advance(out) == ControlJob::Progress::Hangup);
    CHECK(has(out, "bad-request"));
    CHECK(has(control.ask(R"({"id":1,"verb":"fly"})"), "unknown-verb"));
}

TEST_CASE("version repeats the greeting", "[control]") {
    Control control;
    const std::string out = control.ask(R"({"id":3,"verb":"version"})");
    CHECK(has(out, R"("mainstay":"1.2.3")"));
    CHECK(has(out, R"("done":true)"));
}

TEST_CASE("during the stop of all nothing can be started, and it is said", "[control]") {
    Control control;
    control.run("web");
    control.services.stop_all();
    const std::string out = control.ask(R"({"id":3,"verb":"up","services":["web"]})");
    CHECK(has(out, "shutting-down"));
}

TEST_CASE("a long answer comes in pieces", "[control]") {
    Control control;
    for (int i = 0; i < 2000; ++i) {
        control.services.add("service" + std::to_string(i), "/sv/service" + std::to_string(i));
    }
    const auto job = control.begin(R"({"id":3,"verb":"list"})");
    int pieces = 0;
    for (;;) {
        std::string out;
        const auto progress = job->advance(out);
        CHECK(out.size() < 2 * kOutputPiece);
        ++pieces;
        if (progress == ControlJob::Progress::Done) {
            break;
        }
        REQUIRE(progress == ControlJob::Progress::More);
    }
    CHECK(pieces > 2);
}

TEST_CASE("a service that is removed while somebody waits for it is said to be", "[control]") {
    Control control;
    control.run("web");
    control.services.remove("web");
    const auto job = control.begin(R"({"id":3,"verb":"down","services":["web"]})");
    control.processes.end(control.pid("web"), killed_by(SIGTERM));
    std::string out;
    CHECK(job->advance(out) == ControlJob::Progress::Done);
    CHECK(has(out, R"("state":"down")"));
}
