#include <catch2/catch.hpp>
#include <csignal>

#include "supervisor/status_view.h"
#include "unit/supervisor/control_fixture.h"
#include "unit/supervisor/state_text.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::fakes;

TEST_CASE("wait tells nobody what to do", "[control]") {
    Control control;
    control.down("web");
    const auto job = control.begin(R"({"id":1,"verb":"wait","services":["web"]})", Rights::Look);
    CHECK(Control::more_of(job).empty());
    CHECK(control.state("web") == ServiceState::Down);
    control.services.post(control.service("web").id, WantUp{});
    CHECK(Control::more_of(job).empty());
    control.processes.execute(control.pid("web"));
    CHECK(control.wakes > 0);
    const std::string out = Control::end_of(job);
    CHECK(has(out, R"("state":"ready")"));
    CHECK(has(out, R"("exit":0)"));
}

TEST_CASE("wait for down ends when nothing runs any more", "[control]") {
    Control control;
    control.run("web");
    const auto job = control.begin(R"({"id":1,"verb":"wait","services":["web"],"for":"down"})");
    CHECK(Control::more_of(job).empty());
    SECTION("stopped") {
        control.services.post(control.service("web").id, WantDown{});
        CHECK(Control::more_of(job).empty());
        control.processes.end(control.pid("web"), killed_by(SIGTERM));
    }
    SECTION("removed") {
        control.services.remove("web");
        control.processes.end(control.pid("web"), killed_by(SIGTERM));
    }
    CHECK(has(Control::end_of(job), R"("state":"down")"));
}

TEST_CASE("wait has a timeout of its own", "[control]") {
    Control control;
    control.down("web");
    const auto job = control.begin(R"({"id":1,"verb":"wait","services":["web"],"timeout_ms":500})");
    control.clock.advance(500ms);
    const std::string out = Control::end_of(job);
    CHECK(has(out, "still down after 500 ms"));
    CHECK(has(out, R"("exit":6)"));
}

TEST_CASE("wait for the boot", "[control]") {
    Control control;
    control.services.add("web", "/sv/web");
    const char* request = R"({"id":1,"verb":"wait","for":"boot"})";
    const auto job = control.begin(request);
    CHECK(Control::more_of(job).empty());
    const auto impatient = control.begin(R"({"id":2,"verb":"wait","for":"boot","timeout_ms":9})");
    control.clock.advance(9ms);
    const std::string late = Control::end_of(impatient);
    CHECK(has(late, "the boot is not complete after 9 ms; it waits for web"));
    CHECK(has(late, "timed-out"));
    control.handler.boot_completed();
    CHECK(has(Control::end_of(job), R"("boot_ms":9)"));
    CHECK(has(control.ask(request), R"("exit":0)"));
}

TEST_CASE("check waits until a service is where it is wanted", "[control]") {
    Control control;
    control.run("web");
    control.down("off");
    CHECK(has(control.ask(R"({"id":1,"verb":"check","services":["web","off"]})"), R"("exit":0)"));
    control.services.post(control.service("web").id, WantDown{});
    const auto job = control.begin(R"({"id":1,"verb":"check","services":["web"]})");
    CHECK(Control::more_of(job).empty());
    control.processes.end(control.pid("web"), killed_by(SIGTERM));
    CHECK(has(Control::end_of(job), R"("state":"down")"));
}

TEST_CASE("who asked for it is told what is waited for", "[control]") {
    Control control;
    control.down("web");
    control.down("db");
    const auto job =
        control.begin(R"({"id":1,"verb":"up","services":["web","db"],"progress":true})");
    const std::string first = Control::more_of(job);
    CHECK(has(first, R"("pending":2)"));
    CHECK(has(first, R"("state":"starting")"));
    CHECK(Control::more_of(job).empty());
    control.processes.execute(control.pid("web"));
    control.clock.advance(100ms);
    const std::string second = Control::more_of(job);
    CHECK(has(second, R"({"id":1,"service":"web","state":"ready")"));
    CHECK(has(second, R"("pending":1,"service":"db")"));
}

TEST_CASE("try-restart leaves alone what is down", "[control]") {
    Control control;
    control.down("off");
    CHECK(has(control.ask(R"({"id":1,"verb":"try-restart","services":["off"]})"),
              R"("state":"down")"));
    CHECK(control.pid("off") == 0);
    control.run("web");
    const std::int32_t before = control.pid("web");
    const auto job = control.begin(R"({"id":1,"verb":"try-restart","services":["web"]})");
    control.processes.end(before, killed_by(SIGTERM));
    control.processes.execute(control.pid("web"));
    control.clock.advance(100ms);
    CHECK(has(Control::end_of(job), R"("state":"ready")"));
    CHECK(control.pid("web") != before);
}

TEST_CASE("reload tells who runs, and says so where nobody does", "[control]") {
    Control control;
    control.run("web");
    control.ask(R"({"id":1,"verb":"reload","services":["web"]})");
    REQUIRE_FALSE(control.processes.sent.empty());
    CHECK(control.processes.sent.back().signal == SIGHUP);
    control.down("off");
    const std::string out = control.ask(R"({"id":1,"verb":"reload","services":["off"]})");
    CHECK(has(out, "nobody to read its configuration again"));
    CHECK(has(out, R"("exit":3)"));
}

TEST_CASE("a start that waits for what is missing or in backoff answers at once", "[control]") {
    Control control;
    const auto needs = [&](const char* name, const char* need) {
        control.directory(std::string("/sv/") + name).own_relations =
            std::make_shared<const Relations>(Relations{{need}, {}, {}, {}, {}, {}});
        control.down(name);
    };
    control.down("db");
    needs("web", "db");
    needs("shop", "web");
    needs("lost", "nix");
    control.services.post(control.service("db").id, WantUp{});
    control.processes.execute(control.pid("db"));
    control.processes.end(control.pid("db"), exited(1), 20ms);
    REQUIRE(control.state("db") == ServiceState::Backoff);
    const std::string web = control.ask(R"({"id":1,"verb":"up","services":["web"]})");
    CHECK(has(web, "needs db, which died: exit 1 after 20 ms"));
    CHECK(has(web, R"("waits_for":[{"service":"db","relation":"needs","state":"backoff")"));
    CHECK(has(web, R"("exit":1)"));
    CHECK(has(control.ask(R"({"id":1,"verb":"up","services":["shop"]})"),
              "needs web, which needs db, which died: exit 1 after 20 ms"));
    CHECK(has(control.ask(R"({"id":1,"verb":"up","services":["lost"]})"),
              "needs nix, which does not exist"));
}

TEST_CASE("services of one request stop in the order that they need", "[control]") {
    Control control;
    control.run("db");
    control.directory("/sv/web").own_relations =
        std::make_shared<const Relations>(Relations{{"db"}, {}, {}, {}, {}, {}});
    control.run("web");
    const auto job = control.begin(R"({"id":1,"verb":"down","services":["db","web"]})");
    CHECK(Control::more_of(job).empty());
    CHECK(control.state("web") == ServiceState::Stopping);
    REQUIRE(control.processes.sent.size() > 0);
    for (const auto& sent : control.processes.sent) {
        CHECK(sent.pid == control.pid("web"));
    }
    control.processes.end(control.pid("web"), killed_by(SIGTERM));
    control.processes.end(control.pid("db"), killed_by(SIGTERM));
    CHECK(has(Control::end_of(job), R"("exit":0)"));
}

TEST_CASE("check asks the check program until it agrees", "[control]") {
    Control control;
    Programs programs;
    programs.check = {"/sv/web/check"};
    control.directory("/sv/web").own_programs = std::make_shared<const Programs>(programs);
    control.run("web");
    auto job = control.begin(R"({"id":1,"verb":"check","services":["web"]})");
    REQUIRE(control.helpers.running.size() == 1);
    control.helpers.end(1, {std::nullopt, exited(1)});
    CHECK(Control::more_of(job).empty());
    control.clock.advance(1s);
    REQUIRE(control.helpers.running.size() == 1);
    control.helpers.end(2, {std::nullopt, exited(0)});
    CHECK(has(Control::end_of(job), R"("state":"ready")"));
    job = control.begin(R"({"id":1,"verb":"check","services":["web"]})");
    job.reset();
    control.helpers.end(3, {std::nullopt, exited(0)});
    job = control.begin(R"({"id":1,"verb":"check","services":["web"],"timeout_ms":500})");
    control.helpers.end(4, {std::nullopt, exited(1)});
    control.clock.advance(500ms);
    CHECK(has(Control::end_of(job), "its check program still says no after"));
    CHECK(control.clock.armed() == 0);
}
