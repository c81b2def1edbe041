/// Services that are started by whoever comes first to one of their sockets: what becomes of them,
/// and what it means for others.
#include <catch2/catch.hpp>
#include <csignal>
#include <memory>

#include "supervisor/runit_wire.h"
#include "supervisor/service_id.h"
#include "supervisor/verb_outcome.h"
#include "unit/supervisor/relations_fixture.h"
#include "unit/supervisor/state_text.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::fakes;

namespace {

using Places = std::vector<std::string>;

struct DemandSystem : RelatedSystem {
    DemandSystem() { kept.make(64); }

    void listen(const std::string& name, const Places& paths, bool on_demand = true) {
        Definition& definition = directory("/sv/" + name);
        auto points = std::make_shared<std::vector<ListenPoint>>();
        for (const std::string& path : paths) {
            ListenPoint& point = points->emplace_back();
            point.kind = ListenPoint::Kind::Fifo;
            point.path = path;
            point.on_demand = on_demand;
        }
        definition.own_listen = points;
        definition.policy.on_demand = on_demand && !paths.empty();
    }
    void come(std::string_view name) { services.service_is_demanded(service(name).id); }
    bool is_listening(std::string_view name) { return service(name).snapshot.listening; }
    bool is_awaited(std::string_view name) { return sockets.awaited.count(service(name).id) != 0; }
    Places open_places(std::string_view name) { return sockets.places[service(name).id]; }
};

}  // namespace

TEST_CASE("on demand: waits, is started by the first who comes, and waits again", "[on_demand]") {
    DemandSystem system;
    system.listen("web", {"/a", "/b"});
    system.start({"web"});
    CHECK(system.state("web") == ServiceState::Waiting);
    CHECK(system.is_awaited("web"));
    CHECK(system.cause("web") == "waiting for a connection on fifo:/a, fifo:/b");
    CHECK(system.services.all_settled());
    system.come("web");
    CHECK_FALSE(system.is_awaited("web"));
    system.execute_all();
    CHECK(system.state("web") == ServiceState::Ready);
    system.come("web");  // too late: it is the service's
    CHECK(system.state("web") == ServiceState::Ready);
    system.end("web", exited(0));
    CHECK(system.is_listening("web"));
    CHECK(system.is_awaited("web"));
    CHECK(system.service("web").snapshot.short_runs == 0);
}

TEST_CASE("on demand: one that never takes what comes has a pause before each start",
          "[on_demand]") {
    DemandSystem system;
    system.listen("web", {"/a"});
    system.start({"web"});
    system.come("web");
    system.execute_all();
    system.end("web", exited(0), 1ms);
    CHECK(system.is_listening("web"));
    system.come("web");
    CHECK(system.state("web") == ServiceState::Backoff);
    CHECK_FALSE(system.is_awaited("web"));
    system.clock.advance(249ms);
    CHECK(system.state("web") == ServiceState::Backoff);
    system.clock.advance(1ms);
    CHECK(system.is_awaited("web"));
    system.come("web");
    CHECK(system.state("web") == ServiceState::Starting);
    system.execute_all();
    system.end("web", exited(0), 1s);
    system.come("web");
    CHECK(system.state("web") == ServiceState::Starting);
}

TEST_CASE("on demand: a failure is paced as any other, and then it waits", "[on_demand]") {
    DemandSystem system;
    system.listen("web", {"/a"});
    system.start({"web"});
    system.come("web");
    system.execute_all();
    system.end("web", exited(1), 1ms);
    CHECK(system.state("web") == ServiceState::Backoff);
    CHECK_FALSE(system.is_awaited("web"));
    system.clock.advance(250ms);
    CHECK(system.is_listening("web"));
    system.policy("web").restart = RestartPolicy::Never;
    system.come("web");
    system.execute_all();
    system.end("web", exited(1), 2s);
    CHECK(system.state("web") == ServiceState::Failed);
    CHECK(system.open_places("web").empty());
}

TEST_CASE("on demand: asked for by hand it runs at once", "[on_demand]") {
    DemandSystem system;
    system.listen("web", {"/a"});
    system.start({"web"});
    SECTION("up") {
        system.post("web", WantUp{});
    }
    SECTION("restart") {
        system.post("web", Restart{});
    }
    SECTION("after it was down") {
        system.post("web", WantDown{});
        CHECK(system.state("web") == ServiceState::Down);
        CHECK_FALSE(system.is_awaited("web"));
        CHECK(system.open_places("web").empty());
        system.post("web", WantUp{});
    }
    system.execute_all();
    CHECK(system.state("web") == ServiceState::Ready);
    CHECK_FALSE(system.is_awaited("web"));
    CHECK(system.open_places("web") == Places{"fifo:/a"});
    system.post("web", Restart{});
    system.end("web");
    CHECK(system.state("web") == ServiceState::Starting);
    CHECK(system.open_places("web") == Places{"fifo:/a"});
}

TEST_CASE("on demand: try-restart starts nothing", "[on_demand]") {
    DemandSystem system;
    system.listen("web", {"/a"});
    system.start({"web"});
    system.post("web", TryRestart{});
    CHECK(system.is_listening("web"));
}

TEST_CASE("on demand: once is once", "[on_demand]") {
    DemandSystem system;
    system.listen("web", {"/a"});
    system.start({"web"});
    system.post("web", WantOnce{});
    system.execute_all();
    system.end("web", exited(0));
    CHECK(system.state("web") == ServiceState::Done);
    CHECK(system.open_places("web").empty());
}

TEST_CASE("on demand: what it needs is started when somebody comes", "[on_demand]") {
    DemandSystem system;
    system.listen("web", {"/a"});
    system.relate("web").needs = {"db"};
    system.directory("/sv/db").has_down_file = true;
    system.start({"web", "db"});
    CHECK(system.state("db") == ServiceState::Down);
    system.come("web");
    CHECK(system.state("db") == ServiceState::Starting);
    CHECK(system.state("web") == ServiceState::Waiting);
    CHECK_FALSE(system.is_listening("web"));
    system.execute_all();
    CHECK(system.state("web") == ServiceState::Ready);
}

TEST_CASE("on demand: what it needs may fail while it waits", "[on_demand]") {
    DemandSystem system;
    system.listen("web", {"/a"});
    system.relate("web").needs = {"db"};
    system.policy("db").restart = RestartPolicy::Never;
    system.start({"web", "db"});
    system.end("db", exited(1));
    CHECK(system.state("db") == ServiceState::Failed);
    CHECK(system.is_listening("web"));
    SECTION("then it is tried when somebody comes") {
        system.come("web");
        system.execute_all();
        CHECK(system.state("web") == ServiceState::Ready);
    }
    SECTION("or is not there at all") {
        system.services.remove("db");
        system.come("web");
        CHECK(system.state("web") == ServiceState::Failed);
        CHECK(system.open_places("web").empty());
        system.start({"db"});
        CHECK(system.is_listening("web"));
    }
}

TEST_CASE("on demand: who needs it can come to it", "[on_demand]") {
    DemandSystem system;
    system.listen("web", {"/a"});
    system.relate("shop").needs = {"web"};
    system.relate("late").after = {"web"};
    system.relate("all").members = {"web", "shop"};
    system.policy("all").type = ServiceType::Group;
    system.start({"shop", "web", "late", "all"});
    CHECK(system.is_listening("web"));
    CHECK(system.state("shop") == ServiceState::Ready);
    CHECK(system.state("late") == ServiceState::Ready);
    CHECK(system.state("all") == ServiceState::Ready);
    CHECK(system.services.all_settled());
}

TEST_CASE("on demand: sockets that cannot be had are told, and tried again", "[on_demand]") {
    DemandSystem system;
    bool fails = true;
    system.sockets.should_fail = [&] { return fails; };
    system.listen("web", {"/a"});
    system.start({"web"});
    CHECK(system.state("web") == ServiceState::Backoff);
    CHECK(system.journal.has("web: listen fifo:/a: Address already in use; next start in 250 ms"));
    fails = false;
    system.clock.advance(250ms);
    CHECK(system.is_listening("web"));
    CHECK(system.service("web").exec_fault() == nullptr);
}

TEST_CASE("on demand: a rescan counts at once for one that waits", "[on_demand]") {
    DemandSystem system;
    system.listen("web", {"/a"});
    system.start({"web"});
    system.listen("web", {"/b"});
    CHECK(system.services.rescan().size() == 1);
    CHECK(system.open_places("web") == Places{"fifo:/b"});
    CHECK(system.is_awaited("web"));
    system.listen("web", {"/b"}, false);
    system.services.rescan();
    system.execute_all();
    CHECK(system.state("web") == ServiceState::Ready);
    CHECK_FALSE(system.is_awaited("web"));
}

TEST_CASE("on demand: a definition that cannot be used any more is no ground to listen",
          "[on_demand]") {
    DemandSystem system;
    system.definitions.directories["/sv/web"].usable = false;
    system.listen("web", {"/a"});
    system.start({"web"});
    CHECK(system.state("web") == ServiceState::Failed);
    CHECK_FALSE(system.is_awaited("web"));
}

TEST_CASE("on demand: the next supervisor goes on waiting", "[on_demand]") {
    DemandSystem system;
    system.listen("web", {"/a"});
    system.listen("api", {"/b"});
    system.start({"web", "api"});
    system.come("api");
    system.execute_all();
    system.sockets.awaited.clear();
    system.succeed(system.moment(), {"web", "api"});
    CHECK(system.sockets.resumed ==
          std::set<ServiceId>{system.service("web").id, system.service("api").id});
    CHECK(system.is_awaited("web"));
    CHECK_FALSE(system.is_awaited("api"));
    CHECK(system.state("api") == ServiceState::Ready);
    system.come("web");
    CHECK(system.state("web") == ServiceState::Starting);
}

TEST_CASE("on demand: stops with all others", "[on_demand]") {
    DemandSystem system;
    system.listen("web", {"/a"});
    system.start({"web"});
    system.services.stop_all();
    CHECK(system.state("web") == ServiceState::Down);
    CHECK(system.open_places("web").empty());
    CHECK(system.services.count_not_resting() == 0);
}

TEST_CASE("on demand: a logger never waits for anybody", "[on_demand]") {
    DemandSystem system;
    system.directory("/sv/web").has_log = true;
    system.listen("web/log", {"/a"});
    system.start({"web"});
    CHECK(system.state("web/log") == ServiceState::Ready);
}

TEST_CASE("listen: what it names is open before the service runs, and passed", "[on_demand]") {
    DemandSystem system;
    system.listen("web", {"/a", "/b"}, false);
    system.start({"web"});
    const SpawnPlan& plan = system.processes.alive.at(system.pid("web")).plan;
    CHECK(plan.descriptors == std::vector<PassedDescriptor>{{1000, 3}, {1001, 4}});
    CHECK(plan.environment == Places{"LISTEN_FDS=2", "LISTEN_FDNAMES=web:web"});
    CHECK(plan.pid_variables == Places{"LISTEN_PID"});
}

TEST_CASE("listen: a socket that cannot be had is a start that failed", "[on_demand]") {
    DemandSystem system;
    system.sockets.should_fail = [] { return true; };
    system.listen("web", {"/a"}, false);
    SECTION("and is tried again") {
        system.start({"web"});
        CHECK(system.state("web") == ServiceState::Backoff);
    }
    SECTION("or not") {
        system.policy("web").restart = RestartPolicy::Never;
        system.start({"web"});
        CHECK(system.state("web") == ServiceState::Failed);
    }
    CHECK(system.journal.has("web: "));
    CHECK(system.journal.has("listen fifo:/a: Address already in use"));
}

TEST_CASE("on demand: verbs and runit's files see a service that does not run", "[on_demand]") {
    DemandSystem system;
    system.listen("web", {"/a"});
    system.start({"web"});
    const RunitStatus status = runit_status_of(system.service("web"));
    CHECK(status.state == RunitState::Down);
    CHECK(status.want == RunitWant::Down);  // so that sv sends it an u
    CHECK(
        judge(protocol::Verb::Up, system.service("web").snapshot, system.policy("web"), 0s).kind ==
        VerbOutcome::Kind::Arrived);
}
