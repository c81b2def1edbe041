/// Groups, sentence by sentence of service.conf(5).
#include <catch2/catch.hpp>
#include <csignal>

#include "unit/supervisor/relations_fixture.h"
#include "unit/supervisor/state_text.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::fakes;

namespace {

/// g is the group of a and b.
struct Grouped : RelatedSystem {
    Grouped() {
        relate("g").members = {"a", "b"};
        policy("g").type = ServiceType::Group;
    }
};

}  // namespace

TEST_CASE("group: up is that all members are up", "[planner][group]") {
    Grouped system;
    for (const char* name : {"/sv/g", "/sv/a", "/sv/b"}) {
        system.directory(name).has_down_file = true;
    }
    system.policy("b").readiness = Readiness::Notify;
    system.start({"g", "a", "b"});
    system.post("g", WantUp{});
    system.execute_all();
    CHECK(system.state("a") == ServiceState::Ready);
    CHECK(system.state("g") == ServiceState::Waiting);
    CHECK(system.cause("g") == "waits for its member b (up)");
    const Service& b = system.service("b");
    system.services.service_is_ready({b.id, b.snapshot.generation});
    CHECK(system.state("g") == ServiceState::Ready);
}

TEST_CASE("group: down is that all members are down", "[planner][group]") {
    Grouped system;
    system.relate("web").needs = {"g"};
    system.start({"g", "a", "b", "web"});
    CHECK(system.state("web") == ServiceState::Ready);
    system.post("g", WantDown{});
    CHECK(system.was_told_to_end("web"));
    CHECK_FALSE(system.was_told_to_end("a"));
    system.end("web");
    CHECK(system.was_told_to_end("a"));
    CHECK(system.was_told_to_end("b"));
    system.end("a");
    CHECK(system.state("g") == ServiceState::Stopping);
    system.end("b");
    CHECK(system.state("g") == ServiceState::Down);
}

TEST_CASE("group: one whose member goes down is not ready until it is back", "[planner][group]") {
    Grouped system;
    system.start({"g", "a", "b"});
    CHECK(system.state("g") == ServiceState::Ready);
    system.post("a", WantDown{});
    system.end("a");
    CHECK(system.state("g") == ServiceState::Waiting);
    system.post("a", WantUp{});
    system.execute_all();
    CHECK(system.state("g") == ServiceState::Ready);
}

TEST_CASE("group: one whose member waits for its need is not ready, after a crash it is",
          "[planner][group]") {
    Grouped system;
    system.relate("a").needs = {"db"};
    system.start({"g", "a", "b", "db"});
    system.end("a", exited(1));
    CHECK(system.state("g") == ServiceState::Ready);
    system.execute_all();
    system.post("db", WantDown{});
    system.end("a");
    CHECK(system.state("a") == ServiceState::Waiting);
    CHECK(system.state("g") == ServiceState::Waiting);
    system.end("db");
    system.post("db", WantUp{});
    system.execute_all();
    CHECK(system.state("g") == ServiceState::Ready);
}

TEST_CASE("group: a member that failed for good fails it", "[planner][group]") {
    Grouped system;
    system.policy("a").restart = RestartPolicy::Never;
    system.start({"g", "a", "b"});
    system.end("a", exited(1));
    CHECK(system.state("g") == ServiceState::Failed);
    CHECK(system.cause("g") == "its member a failed: exit 1 after 5 s");
    CHECK(system.state("b") == ServiceState::Ready);
    system.post("a", WantUp{});
    system.execute_all();
    CHECK(system.state("g") == ServiceState::Ready);
}

TEST_CASE("group: a member that is missing fails it, until it appears", "[planner][group]") {
    Grouped system;
    system.start({"g", "a"});
    CHECK(system.state("g") == ServiceState::Failed);
    CHECK(system.journal.has("g: failed: needs b: no such service in /sv"));
    system.start({"b"});
    CHECK(system.state("g") == ServiceState::Ready);
}

TEST_CASE("group: the down file of a group does not stop its members", "[planner][group]") {
    Grouped system;
    system.directory("/sv/g").has_down_file = true;
    system.start({"g", "a", "b"});
    CHECK(system.state("g") == ServiceState::Down);
    CHECK(system.state("a") == ServiceState::Ready);
    CHECK(system.state("b") == ServiceState::Ready);
}

TEST_CASE("group: one that waits for its members waits for its need first, when that stops",
          "[planner][group]") {
    Grouped system;
    system.relate("g").needs = {"db"};
    system.policy("a").readiness = Readiness::Notify;
    system.start({"g", "a", "b", "db"});
    CHECK(system.cause("g") == "waits for its member a (up)");
    system.post("db", Restart{});
    CHECK(system.was_told_to_end("db"));
    const Service& a = system.service("a");
    system.services.service_is_ready({a.id, a.snapshot.generation});
    CHECK(system.state("g") == ServiceState::Waiting);
    CHECK(system.cause("g") == "needs db (stopping)");
    system.end("db");
    system.execute_all();
    CHECK(system.state("g") == ServiceState::Ready);
}

TEST_CASE("group: two groups of a member that cannot start do not try it for ever",
          "[planner][group]") {
    RelatedSystem system;
    for (const char* group : {"g", "h"}) {
        system.relate(group).members = {"a"};
        system.policy(group).type = ServiceType::Group;
    }
    system.relate("a").needs = {"nowhere"};
    system.start({"g", "h", "a"});
    system.post("a", WantUp{});
    CHECK(system.state("a") == ServiceState::Failed);
    CHECK(system.cause("g") == "its member a failed");
    CHECK(system.cause("h") == system.cause("g"));
}
