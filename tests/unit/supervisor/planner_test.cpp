/// What services have to do with each other, sentence by sentence of service.conf(5).
#include "supervisor/planner.h"

#include <catch2/catch.hpp>
#include <csignal>

#include "unit/supervisor/relations_fixture.h"
#include "unit/supervisor/state_text.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::fakes;

namespace {

/// web needs db.
struct WebAndDb : RelatedSystem {
    WebAndDb() { relate("web").needs = {"db"}; }
};

}  // namespace

TEST_CASE("needs: a service waits until what it needs is ready", "[planner]") {
    WebAndDb system;
    system.policy("db").readiness = Readiness::Notify;
    system.start({"web", "db"});
    CHECK(system.state("web") == ServiceState::Waiting);
    CHECK(system.cause("web") == "needs db (up)");
    system.services.service_is_ready(
        {system.service("db").id, system.service("db").snapshot.generation});
    CHECK(system.state("web") == ServiceState::Starting);
}

TEST_CASE("needs: up starts what is needed, too", "[planner]") {
    WebAndDb system;
    system.directory("/sv/web").has_down_file = true;
    system.directory("/sv/db").has_down_file = true;
    system.start({"web", "db"});
    CHECK(system.processes.alive.empty());
    system.post("web", WantUp{});
    system.execute_all();
    CHECK(system.state("db") == ServiceState::Ready);
    CHECK(system.state("web") == ServiceState::Ready);
}

TEST_CASE("needs: down stops dependents first, which come back with it", "[planner]") {
    WebAndDb system;
    system.start({"web", "db"});
    system.post("db", WantDown{});
    CHECK(system.was_told_to_end("web"));
    CHECK_FALSE(system.was_told_to_end("db"));
    CHECK(system.cause("db") == "waits until web (stopping) is down");
    system.end("web");
    CHECK(system.was_told_to_end("db"));
    CHECK(system.state("web") == ServiceState::Waiting);
    CHECK(system.service("web").snapshot.wanted == Wanted::Up);
    system.end("db");
    CHECK(system.state("web") == ServiceState::Waiting);
    CHECK(system.cause("web") == "needs db (down)");
    system.post("db", WantUp{});
    system.execute_all();
    CHECK(system.state("web") == ServiceState::Ready);
}

TEST_CASE("needs: up cancels a stop that only waits", "[planner]") {
    WebAndDb system;
    system.start({"web", "db"});
    const std::int32_t db = system.pid("db");
    system.post("db", WantDown{});
    system.post("db", WantUp{});
    CHECK(system.state("db") == ServiceState::Ready);
    system.end("web");
    system.execute_all();
    CHECK(system.pid("db") == db);
    CHECK(system.state("web") == ServiceState::Ready);
}

TEST_CASE("needs: a restart stops dependents and starts them again", "[planner]") {
    WebAndDb system;
    system.start({"web", "db"});
    system.post("db", Restart{});
    system.end("web");
    system.end("db");
    CHECK(system.state("web") == ServiceState::Waiting);
    system.execute_all();
    CHECK(system.state("web") == ServiceState::Ready);
}

TEST_CASE("needs: a crash that is followed by a restart leaves dependents alone", "[planner]") {
    WebAndDb system;
    system.start({"web", "db"});
    const std::int32_t web = system.pid("web");
    system.end("db", exited(1));
    system.execute_all();
    CHECK(system.state("db") == ServiceState::Ready);
    CHECK(system.pid("web") == web);
    CHECK_FALSE(system.was_told_to_end("web"));
}

TEST_CASE("needs: what failed for good fails its dependents, until it starts again", "[planner]") {
    WebAndDb system;
    system.policy("db").restart = RestartPolicy::Never;
    system.relate("api").needs = {"web"};
    system.start({"web", "db", "api"});
    system.end("db", exited(3));
    CHECK(system.state("db") == ServiceState::Failed);
    CHECK(system.was_told_to_end("api"));
    CHECK_FALSE(system.was_told_to_end("web"));
    system.end("api");
    CHECK(system.was_told_to_end("web"));
    system.end("web");
    CHECK(system.state("web") == ServiceState::Failed);
    CHECK(system.cause("web") == "needs db, which failed: exit 3 after 5 s");
    CHECK(system.state("api") == ServiceState::Failed);
    CHECK(system.cause("api") == "needs web, which failed");
    SECTION("db is told to") {
        system.post("db", WantUp{});
    }
    SECTION("or the last in the chain") {
        system.post("api", WantUp{});
    }
    system.execute_all();
    CHECK(system.state("web") == ServiceState::Ready);
    CHECK(system.state("api") == ServiceState::Ready);
}

TEST_CASE("needs: a oneshot that is done is enough", "[planner]") {
    WebAndDb system;
    system.policy("db").type = ServiceType::Oneshot;
    system.start({"web", "db"});
    CHECK(system.state("web") == ServiceState::Waiting);
    system.end("db", exited(0));
    CHECK(system.state("db") == ServiceState::Done);
    system.execute_all();
    CHECK(system.state("web") == ServiceState::Ready);
}

TEST_CASE("needs: one that is missing, and then appears", "[planner]") {
    WebAndDb system;
    system.start({"web"});
    CHECK(system.state("web") == ServiceState::Failed);
    CHECK(system.journal.has("web: failed: needs db: no such service in /sv"));
    system.start({"db"});
    CHECK(system.state("web") == ServiceState::Ready);
    SECTION("and goes again") {
        system.services.remove("db");
        CHECK(system.was_told_to_end("web"));
        system.end("web");
        system.end("db");
        CHECK(system.state("web") == ServiceState::Failed);
        CHECK(system.cause("web") == "needs db: no such service in /sv");
    }
}

TEST_CASE("wants: is started along, and need not succeed", "[planner]") {
    RelatedSystem system;
    system.relate("web").wants = {"cache", "nowhere"};
    system.policy("cache").restart = RestartPolicy::Never;
    system.directory("/sv/cache").has_down_file = true;
    system.start({"web", "cache"});
    CHECK(system.state("web") == ServiceState::Ready);
    CHECK(system.state("cache") == ServiceState::Ready);
    system.end("cache", exited(1));
    CHECK(system.state("cache") == ServiceState::Failed);
    CHECK(system.state("web") == ServiceState::Ready);
}

TEST_CASE("after and before: order of start, and the reverse at the stop", "[planner]") {
    RelatedSystem system;
    SECTION("after") {
        system.relate("web").after = {"net", "nowhere"};
    }
    SECTION("before") {
        system.relate("net").before = {"web", "nowhere"};
    }
    system.policy("net").readiness = Readiness::Notify;
    system.start({"web", "net"});
    CHECK(system.state("web") == ServiceState::Waiting);
    CHECK(system.cause("web") == "starts after net (up)");
    system.services.service_is_ready(
        {system.service("net").id, system.service("net").snapshot.generation});
    system.execute_all();
    CHECK(system.state("web") == ServiceState::Ready);
    system.services.stop_all();
    CHECK(system.was_told_to_end("web"));
    CHECK_FALSE(system.was_told_to_end("net"));
    system.end("web");
    CHECK(system.was_told_to_end("net"));
}

TEST_CASE("after: a failure of the other is an outcome, and it starts nobody", "[planner]") {
    RelatedSystem system;
    system.relate("web").after = {"net", "off"};
    system.policy("net").restart = RestartPolicy::Never;
    system.directory("/sv/off").has_down_file = true;
    system.start({"web", "net", "off"});
    system.end("net", exited(1));
    CHECK(system.state("off") == ServiceState::Down);
    system.execute_all();
    CHECK(system.state("web") == ServiceState::Ready);
}

TEST_CASE("conflicts: at boot the first by name wins", "[planner]") {
    RelatedSystem system;
    system.relate("b").conflicts = {"a"};
    system.start({"b", "a"});
    CHECK(system.state("a") == ServiceState::Ready);
    CHECK(system.state("b") == ServiceState::Down);
    CHECK(system.cause("b") == "conflicts with a, which was started");
    SECTION("by verb whoever is told to start wins") {
        system.post("b", WantUp{});
        CHECK(system.was_told_to_end("a"));
        CHECK(system.state("b") == ServiceState::Waiting);
        CHECK(system.cause("b") == "conflicts with a and waits until that is down");
        system.end("a");
        system.execute_all();
        CHECK(system.state("b") == ServiceState::Ready);
        CHECK(system.state("a") == ServiceState::Down);
        CHECK(system.cause("a") == "conflicts with b, which was started");
    }
}

TEST_CASE("cycle: its services fail with the circle spelled, others start", "[planner]") {
    WebAndDb system;
    system.relate("db").needs = {"web"};
    system.start({"web", "db", "other"});
    CHECK(system.state("web") == ServiceState::Failed);
    CHECK(system.state("db") == ServiceState::Failed);
    CHECK(system.journal.has("web: failed: waits for itself: web -> db -> web"));
    CHECK(system.state("other") == ServiceState::Ready);
    SECTION("until it is broken") {
        system.relate("db").needs = {};
        system.services.rescan();
        system.execute_all();
        CHECK(system.state("web") == ServiceState::Ready);
        CHECK(system.state("db") == ServiceState::Ready);
    }
}

TEST_CASE("cycle: of order alone is warned of once and ignored", "[planner]") {
    RelatedSystem system;
    system.relate("a").after = {"b"};
    system.relate("b").after = {"a"};
    system.start({"a", "b"});
    CHECK(
        system.journal.has("after and before go in a circle: a -> b -> a; their order is ignored"));
    CHECK(system.state("a") == ServiceState::Ready);
    CHECK(system.state("b") == ServiceState::Ready);
}

TEST_CASE("needs: up starts what keeps its need from running, too", "[planner]") {
    WebAndDb system;
    system.relate("db").needs = {"disk"};
    system.start({"web", "db", "disk"});
    system.post("disk", WantDown{});
    CHECK(system.was_told_to_end("web"));
    system.post("web", WantUp{});
    CHECK(system.service("disk").snapshot.wanted == Wanted::Up);
    system.end("web");
    system.execute_all();
    CHECK(system.state("disk") == ServiceState::Ready);
    CHECK(system.state("web") == ServiceState::Waiting);
}
