#include <catch2/catch.hpp>
#include <csignal>

#include "unit/supervisor/control_fixture.h"
#include "unit/supervisor/state_text.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::fakes;

TEST_CASE("events are told as they happen, the first one at once", "[control]") {
    Control control;
    control.run("web");
    const auto job = control.begin(R"({"id":1,"verb":"events"})", Rights::Look);
    CHECK(has(Control::more_of(job), R"({"id":1,"event":"watching")"));
    CHECK(Control::more_of(job).empty());
    const int wakes = control.wakes;
    control.services.post(control.service("web").id, WantDown{});
    CHECK(control.wakes > wakes);
    CHECK(has(Control::more_of(job), R"("was":"ready","service":"web","state":"stopping")"));
    control.processes.end(control.pid("web"), killed_by(SIGTERM));
    CHECK(has(Control::more_of(job), R"("was":"stopping","service":"web","state":"down")"));
    control.services.add("db", "/sv/db");
    CHECK(has(Control::more_of(job), R"("event":"added")"));
    control.services.remove("web");
    CHECK(has(Control::more_of(job), R"("event":"removed","at_ms":3600000,"service":"web")"));
    control.handler.boot_completed();
    CHECK(has(Control::more_of(job), R"("event":"boot")"));
}

TEST_CASE("events of some services only", "[control]") {
    Control control;
    control.run("web");
    control.run("db");
    const auto job = control.begin(R"({"id":1,"verb":"events","services":["w*"]})");
    Control::more_of(job);
    control.services.post(control.service("db").id, WantDown{});
    CHECK(Control::more_of(job).empty());
    control.services.post(control.service("web").id, SendSignal{SIGSTOP});
    CHECK(has(Control::more_of(job), R"("event":"changed")"));
    const std::string out = control.ask(R"({"id":1,"verb":"events","services":["nix"]})");
    CHECK(has(out, "no service nix"));
    CHECK(has(out, R"("exit":4)"));
}

TEST_CASE("a client that is too slow is told how much it missed", "[control]") {
    Control control;
    control.run("web");
    const auto job = control.begin(R"({"id":1,"verb":"events"})");
    const ServiceId web = control.service("web").id;
    for (int i = 0; i < 10'000; ++i) {
        control.services.post(web, SendSignal{i % 2 == 0 ? SIGSTOP : SIGCONT});
    }
    const std::string out = Control::more_of(job);
    CHECK(out.size() < 1024 * 1024);
    const std::size_t lost = out.find(R"("event":"lost")");
    REQUIRE(lost != std::string::npos);
    CHECK(out.find("\n", lost) == out.size() - 1);
    CHECK(Control::more_of(job).empty());
    control.services.post(web, SendSignal{SIGSTOP});
    CHECK(has(Control::more_of(job), R"("event":"changed")"));
}

TEST_CASE("services are enabled, disabled, added and removed", "[control]") {
    Control control;
    std::string out =
        control.ask(R"({"id":1,"verb":"enable","services":["web"],"place":"runtime"})");
    CHECK(
        has(out, R"("service":"web","change":"enabled","path":"/enabled/web","target":"/sv/web")"));
    CHECK(control.enablement.last_place == protocol::Place::Runtime);
    CHECK(control.enablement.looks == 1);
    CHECK(has(control.ask(R"({"id":1,"verb":"enable","services":["web"]})"), "it was already"));
    CHECK(has(control.ask(R"({"id":1,"verb":"disable","services":["web"]})"),
              R"("change":"disabled")"));
    out = control.ask(R"({"id":1,"verb":"add","path":"/opt/db"})");
    CHECK(has(out, R"("service":"db","change":"added","path":"/opt/db")"));
    CHECK(control.state("db") == ServiceState::Starting);
    CHECK(has(control.ask(R"({"id":1,"verb":"add","path":"/opt/db"})"),
              "there is a service of that name already"));
    control.processes.execute(control.pid("db"));
    CHECK(has(control.ask(R"({"id":1,"verb":"remove","services":["db","nix"]})"),
              R"("change":"removed")"));
    CHECK(control.state("db") == ServiceState::Stopping);
    control.processes.end(control.pid("db"), killed_by(SIGTERM));
    CHECK(control.services.find("db") == nullptr);
}

TEST_CASE("why something cannot be enabled is said", "[control]") {
    Control control;
    control.enablement.fault =
        EnableFault{protocol::ErrorCode::UnknownService, "no service wbe is defined"};
    const std::string out = control.ask(R"({"id":1,"verb":"enable","services":["wbe"]})");
    CHECK(has(out, R"("service":"wbe","code":"unknown-service")"));
    CHECK(has(out, R"("exit":4)"));
    CHECK(has(control.ask(R"({"id":1,"verb":"enable","services":["web"]})", Rights::Look),
              "not-permitted"));
    control.services.stop_all();
    CHECK(has(control.ask(R"({"id":1,"verb":"add","path":"/x"})"), "shutting-down"));
}

TEST_CASE("a loggers goes with its service only", "[control]") {
    Control control;
    control.directory("/sv/web").has_log = true;
    control.services.add("web", "/sv/web");
    CHECK(has(control.ask(R"({"id":1,"verb":"remove","services":["web/log"]})"),
              "it is a logger, and goes with its service"));
}

TEST_CASE("notify may come before the report that the program was executed", "[control]") {
    Control control;
    control.directory("/sv/web").policy.readiness = Readiness::Notify;
    control.services.add("web", "/sv/web");
    REQUIRE(control.state("web") == ServiceState::Starting);
    CHECK(has(control.ask(R"({"id":1,"verb":"notify","services":["web"],"ready":true})"),
              R"("exit":0)"));
    CHECK(control.state("web") == ServiceState::Ready);
    control.processes.execute(control.pid("web"));
    CHECK(control.state("web") == ServiceState::Ready);
}

TEST_CASE("notify is about who runs", "[control]") {
    Control control;
    control.run("web");
    control.down("off");
    CHECK(has(control.ask(R"({"id":1,"verb":"notify","services":["web"],"ready":true})"),
              R"("exit":0)"));
    const std::string out =
        control.ask(R"({"id":1,"verb":"notify","services":["off"],"ready":true})");
    CHECK(has(out, R"("code":"not-up")"));
    CHECK(has(out, R"("exit":3)"));
}
