/// Definitions that are read again, by rescan and at each start.
#include <catch2/catch.hpp>
#include <csignal>

#include "unit/supervisor/relations_fixture.h"
#include "unit/supervisor/state_text.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::fakes;

namespace {

using When = DefinitionChange::When;
using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("rescan: what is different counts now, or from the next start on", "[rescan]") {
    RelatedSystem system;
    system.directory("/sv/off").has_down_file = true;
    system.start({"off", "on", "same"});
    CHECK(system.services.rescan().empty());
    system.policy("off").stop_timeout = 30s;
    system.policy("on").stop_timeout = 30s;
    const auto found = system.services.rescan();
    REQUIRE(found.size() == 2);
    CHECK(found[0].service == "off");
    CHECK(found[0].when == When::Now);
    CHECK(found[0].changes == Lines{"stop-timeout 10 s -> 30 s"});
    CHECK(found[1].service == "on");
    CHECK(found[1].when == When::NextStart);
    CHECK(system.service("off").definition.policy.stop_timeout == 30s);
    CHECK(system.service("on").definition.policy.stop_timeout == 10s);
    CHECK(system.service("on").definition_changed);
    CHECK_FALSE(system.was_told_to_end("on"));
    system.post("on", Restart{});
    system.end("on");
    CHECK(system.service("on").definition.policy.stop_timeout == 30s);
    CHECK_FALSE(system.service("on").definition_changed);
}

TEST_CASE("rescan: relations count at once, and restart nothing", "[rescan]") {
    RelatedSystem system;
    system.start({"web", "db"});
    system.relate("web").needs = {"db"};
    const auto found = system.services.rescan();
    REQUIRE(found.size() == 1);
    CHECK(found[0].changes == Lines{"needs - -> db"});
    CHECK(system.state("web") == ServiceState::Ready);
    system.post("db", WantDown{});
    CHECK(system.was_told_to_end("web"));
    CHECK_FALSE(system.was_told_to_end("db"));
}

TEST_CASE("rescan: what is refused changes nothing and is told", "[rescan]") {
    RelatedSystem system;
    system.start({"web"});
    auto& directory = system.definitions.directories["/sv/web"];
    directory.usable = false;
    directory.problems = {"service.conf:1:1: there is no key 'usr'"};
    directory.definition.policy.stop_timeout = 1s;
    const auto found = system.services.rescan();
    REQUIRE(found.size() == 1);
    CHECK(found[0].when == When::Refused);
    CHECK(found[0].changes == directory.problems);
    CHECK(system.journal.has("web: service.conf:1:1: there is no key 'usr'"));
    CHECK(system.state("web") == ServiceState::Ready);
    SECTION("not even at the next start: the one before stays in force") {
        system.end("web", exited(1));
        system.execute_all();
        CHECK(system.state("web") == ServiceState::Ready);
        CHECK(system.service("web").definition.policy.stop_timeout == 10s);
        CHECK(system.service("web").usable);
    }
}

TEST_CASE("rescan: a logger drains its input and has no finish, whatever changed", "[rescan]") {
    RelatedSystem system;
    system.directory("/sv/web").has_log = true;
    system.start({"web"});
    system.policy("web/log").has_finish = true;
    system.policy("web/log").stop_timeout = 1s;
    system.services.rescan();
    system.post("web/log", Restart{});
    system.end("web/log");
    CHECK(system.service("web/log").definition.policy.stop_timeout == 1s);
    CHECK_FALSE(system.service("web/log").definition.policy.has_finish);
    CHECK(system.service("web/log").definition.policy.drains_input);
}
