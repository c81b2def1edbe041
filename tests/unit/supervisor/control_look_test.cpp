#include <catch2/catch.hpp>

#include "unit/supervisor/control_fixture.h"
#include "unit/supervisor/state_text.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::fakes;

namespace {

/// Gives the directory of @p name relations.
void relate(Control& control, const std::string& name, Relations relations) {
    control.directory("/sv/" + name).own_relations =
        std::make_shared<const Relations>(std::move(relations));
}

}  // namespace

TEST_CASE("a status of all begins with the system", "[control]") {
    Control control;
    control.run("web");
    control.clock.advance(3s);
    CHECK(has(control.ask(R"({"id":1,"verb":"status"})"),
              R"({"id":1,"system":{"host":"host1","running_ms":3000}})"));
    control.handler.boot_completed();
    control.clock.advance(1s);
    CHECK(has(control.ask(R"({"id":1,"verb":"status"})"), R"("running_ms":4000,"boot_ms":3000})"));
    CHECK_FALSE(has(control.ask(R"({"id":1,"verb":"status","services":["web"]})"), "system"));
}

TEST_CASE("a status of all is short, one of a name is whole", "[control]") {
    Control control;
    control.directory("/sv/web").description = "Shop";
    control.run("web");
    control.clock.advance(5s);
    const std::string all = control.ask(R"({"id":1,"verb":"status"})");
    CHECK_FALSE(has(all, "directory"));
    CHECK_FALSE(has(all, "details"));
    const std::string one = control.ask(R"({"id":1,"verb":"status","services":["web"]})");
    CHECK(has(one, R"("directory":"/sv/web")"));
    CHECK(has(one, R"("description":"Shop")"));
    CHECK(has(one, R"("readiness":"exec","up_ms":5000,"ready_ms":5000)"));
    CHECK(has(one, R"("restart":{"policy":"always"})"));
    CHECK(has(one, R"("enabled":false)"));
    control.enablement.enabled.insert("web");
    CHECK_FALSE(has(control.ask(R"({"id":1,"verb":"status","services":["web"]})"), "enabled"));
    CHECK(has(control.ask(R"({"id":1,"verb":"status","detail":"full"})"), "details"));
    CHECK_FALSE(has(control.ask(R"({"id":1,"verb":"status","services":["web"],"detail":"short"})"),
                    "details"));
}

TEST_CASE("relations are told with the states of the others", "[control]") {
    Control control;
    relate(control, "web", {{"db", "nix"}, {"cache"}, {"net"}, {}, {}, {}});
    control.run("db");
    control.services.add("web", "/sv/web");
    const std::string web = control.ask(R"({"id":1,"verb":"status","services":["web"]})");
    CHECK(has(web, R"("needs":[{"service":"db","state":"ready"},{"service":"nix"}])"));
    CHECK(has(web, R"("wants":[{"service":"cache"}])"));
    CHECK(has(web, R"("after":[{"service":"net"}])"));
    CHECK(has(control.ask(R"({"id":1,"verb":"status","services":["db"]})"),
              R"("needed_by":[{"service":"web")"));
}

TEST_CASE("is-up and is-ready answer by their exit code", "[control]") {
    Control control;
    control.run("web");
    control.down("off");
    for (const char* verb : {"is-up", "is-ready"}) {
        const std::string request = std::string(R"({"id":1,"verb":")") + verb;
        CHECK(has(control.ask(request + R"(","services":["web"]})"), R"("exit":0)"));
        const std::string out = control.ask(request + R"(","services":["web","off"]})");
        CHECK(has(out, R"("code":"not-up")"));
        CHECK(has(out, R"("exit":3)"));
        CHECK(has(control.ask(request + R"(","services":["nix"]})"), R"("exit":4)"));
        CHECK(has(control.ask(request + R"(","services":["web"]})", Rights::Look), R"("exit":0)"));
    }
}

TEST_CASE("a misspelt name is told the right one", "[control]") {
    Control control;
    control.run("postgres");
    CHECK(has(control.ask(R"({"id":1,"verb":"status","services":["postgers"]})"),
              "no service postgers; did you mean postgres?"));
    CHECK(has(control.ask(R"({"id":1,"verb":"up","services":["postgers"]})"),
              "did you mean postgres?"));
}

TEST_CASE("the log of services, and the supervisor's own", "[control]") {
    Control control;
    control.run("web");
    control.outputs.lines[control.service("web").id] = {"one", "two", "three"};
    control.outputs.lines[kOwnMessages] = {"first", "error: second"};
    CHECK(has(control.ask(R"({"id":1,"verb":"log","services":["web"],"lines":2})"),
              R"({"id":1,"service":"web","lines":["two","three"]})"));
    const std::string own =
        control.ask(R"({"id":1,"verb":"log","services":["@supervisor","nix"]})");
    CHECK(has(own, R"("service":"@supervisor","lines":["first","error: second"])"));
    CHECK(has(own, "no service nix"));
    CHECK(has(own, R"("exit":4)"));
    const std::string all = control.ask(R"({"id":1,"verb":"log"})", Rights::Look);
    CHECK(has(all, R"("service":"web")"));
    CHECK_FALSE(has(all, "@supervisor"));
}

TEST_CASE("a page tells of deaths, of zombies, of processes left behind, and of what is used",
          "[control]") {
    Control control;
    control.run("web");
    const ServiceId id = control.service("web").id;
    control.cgroups.used[id].memory_bytes = 4096;
    control.cgroups.processes[id] = {control.pid("web")};
    CHECK_FALSE(has(control.ask(R"({"id":1,"verb":"status","services":["web"]})"), "leftovers"));
    control.family.negligent = control.pid("web");
    CHECK(has(control.ask(R"({"id":1,"verb":"status","services":["web"]})"),
              R"("zombies":{"count":3,"parents":[)" + std::to_string(control.pid("web"))));
    control.cgroups.kills[id] = 1;
    control.cgroups.processes[id] = {92, 91};
    control.processes.end(control.pid("web"), killed_by(SIGKILL), 20ms);
    const std::string page = control.ask(R"({"id":1,"verb":"status","services":["web"]})");
    CHECK(has(page, R"("leftovers":{"count":2,"pids":[91,92]})"));
    CHECK(has(page, R"("usage":{"memory_bytes":4096})"));
    CHECK(has(page, R"("death_count":1,"deaths":[{"signal":9)"));
    CHECK(has(page, R"("oom":true,"next":"restarted")"));
    CHECK(has(control.ask(R"({"id":1,"verb":"deaths","services":["web"]})"), R"("deaths":[)"));
}

TEST_CASE("a rescan tells what changed and when it counts", "[control]") {
    Control control;
    control.run("web");
    control.down("off");
    control.down("bad");
    control.directory("/sv/web").policy.stop_timeout = 30s;
    control.directory("/sv/off").policy.stop_timeout = 30s;
    control.definitions.directories["/sv/bad"].usable = false;
    control.definitions.directories["/sv/bad"].problems = {"no run file"};
    const std::string out = control.ask(R"({"id":1,"verb":"rescan"})");
    CHECK(control.enablement.looks == 1);
    CHECK(has(out, R"("service":"web","change":"changed","fields":["stop-timeout)"));
    CHECK(has(out, "counts from its next start on"));
    CHECK(has(out, "counts at once"));
    CHECK(has(out, "no run file; its definition cannot be used"));
    CHECK(has(out, R"("exit":1)"));
    CHECK(has(control.ask(R"({"id":1,"verb":"status","services":["web"]})"), R"("changed":true)"));
}

TEST_CASE("a rescan tells which services came and went", "[control]") {
    Control control;
    control.run("web");
    control.run("old");
    control.enablement.at_look = [&] {
        control.services.add("new", "/sv/new");
        control.services.remove("old");
    };
    const std::string out = control.ask(R"({"id":1,"verb":"rescan"})");
    CHECK(has(out, R"("service":"new","change":"added","path":"/sv/new")"));
    CHECK(has(out, R"("service":"old","change":"removed","path":"/sv/old"})"));
    CHECK_FALSE(has(out, R"("service":"web")"));
    control.enablement.at_look = [&] {
        control.services.remove("web");
        control.services.add("web", "/elsewhere/web");
    };
    CHECK(has(control.ask(R"({"id":1,"verb":"rescan"})"),
              "another directory takes its name when it is down"));
}

TEST_CASE("a service's own user may speak for it, and for no other", "[control]") {
    Control control;
    control.run("web");
    control.run("db");
    control.family.uids[control.pid("web")] = 1000;
    control.family.uids[control.pid("db")] = 1001;
    const char* web =
        R"({"id":1,"verb":"notify","services":["web"],"reloading":true,"status_text":"busy"})";
    CHECK(has(control.ask(web, Rights::None, 1000), R"("exit":0)"));
    CHECK(has(control.ask(web, Rights::None, 1001), "not-permitted"));
    CHECK(has(control.ask(R"({"id":1,"verb":"notify","services":["web","db"],"ready":true})",
                          Rights::None, 1000),
              "not-permitted"));
    CHECK(has(control.ask(R"({"id":1,"verb":"notify","services":["*"],"ready":true})", Rights::Look,
                          1000),
              "not-permitted"));
    CHECK(has(control.ask(R"({"id":1,"verb":"down","services":["web"]})", Rights::None, 1000),
              "not-permitted"));
    const std::string page = control.ask(R"({"id":1,"verb":"status","services":["web"]})");
    CHECK(has(page, R"("status_text":"busy")"));
    CHECK(has(page, R"("reloading":true)"));
    NotifyMessage error;
    error.exit_status = 7;
    control.services.service_said(
        {control.service("web").id, control.service("web").snapshot.generation}, error);
    CHECK(has(control.ask(R"({"id":1,"verb":"status","services":["web"]})"),
              R"("notify_error":"exit status 7")"));
}
