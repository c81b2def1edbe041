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
    control.messages.write(Level::Info, "first");
    control.messages.write(Level::Error, "second\nline");
    CHECK(has(control.ask(R"({"id":1,"verb":"log","services":["web"],"lines":2})"),
              R"({"id":1,"service":"web","lines":["two","three"]})"));
    const std::string own =
        control.ask(R"({"id":1,"verb":"log","services":["@supervisor","nix"]})");
    CHECK(has(own, R"("service":"@supervisor","lines":["first","error: second line"])"));
    CHECK(has(own, "no service nix"));
    CHECK(has(own, R"("exit":4)"));
    CHECK(has(control.ask(R"({"id":1,"verb":"log"})", Rights::Look), R"("service":"web")"));
}

TEST_CASE("old messages of the supervisor give way to new ones", "[control]") {
    FakeJournal journal;
    RecentMessages messages(journal);
    for (int i = 0; i < 1000; ++i) {
        messages.write(Level::Info, std::string(900, 'x') + std::to_string(i));
    }
    CHECK(journal.messages.size() == 1000);
    CHECK(messages.count() == 1000);
    const auto last = messages.last_lines(5000);
    CHECK(last.size() < 40);
    CHECK(has(last.back(), "999"));
    CHECK(messages.since(998).size() == 2);
    CHECK(messages.since(1000).empty());
}
