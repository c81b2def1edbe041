/// A supervisor that follows a dead one: every state, and whatever became of its processes
/// meanwhile.
#include <catch2/catch.hpp>
#include <csignal>

#include "supervisor/service_id.h"
#include "supervisor/state_record.h"
#include "unit/supervisor/fixture.h"
#include "unit/supervisor/state_text.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::fakes;

namespace {

struct World : FakeSystem {
    World() { kept.make(64); }

    /// One follows that finds what is true now.
    void succeed() { FakeSystem::succeed(moment(), {"web"}); }

    std::uint32_t deaths(std::string_view name = "web") {
        const Service& of = service(name);
        return of.history ? of.history->deaths.count() : 0;
    }
    Policy& policy() { return directory("/sv/web").policy; }
    void post(const Event& event) { services.post(service("web").id, event); }
    const Snapshot& snapshot() { return service("web").snapshot; }
    std::int32_t web() { return pid("web"); }
    void add() { services.add("web", "/sv/web"); }
    void ready() {
        add();
        processes.execute(web());
    }
};

using Make = void (*)(World&);
struct Case {
    const char* name;
    ServiceState state;
    Make make;
};

/// A service with a process, in each state that has one.
const Case kWithProcess[] = {
    {"setup", ServiceState::Starting,
     [](World& w) {
         w.policy().has_setup = true;
         w.add();
         w.processes.executed.insert(w.web());
         w.processes.execute(w.web());
     }},
    {"starting", ServiceState::Starting, [](World& w) { w.add(); }},
    {"up", ServiceState::Up,
     [](World& w) {
         w.policy().readiness = Readiness::Notify;
         w.ready();
     }},
    {"ready", ServiceState::Ready, [](World& w) { w.ready(); }},
    {"stopping", ServiceState::Stopping,
     [](World& w) {
         w.ready();
         w.post(WantDown{});
     }},
    {"stop program", ServiceState::Stopping,
     [](World& w) {
         w.policy().has_stop_program = true;
         w.ready();
         w.post(WantDown{});
     }},
    {"killed", ServiceState::Stopping,
     [](World& w) {
         w.ready();
         w.post(WantDown{});
         w.clock.advance(10s);
     }},
    {"finishing", ServiceState::Finishing,
     [](World& w) {
         w.policy().has_finish = true;
         w.ready();
         w.processes.end(w.web(), exited(1));
     }},
    {"reloading", ServiceState::Ready,
     [](World& w) {
         auto programs = std::make_shared<Programs>();
         programs->reload = {"./reload"};
         w.directory("/sv/web").own_programs = programs;
         w.ready();
         w.post(Reload{});
     }},
};

const Case kWithout[] = {
    {"down", ServiceState::Down,
     [](World& w) {
         w.directory("/sv/web").has_down_file = true;
         w.add();
         w.post(WantUp{});
         w.post(WantDown{});
         w.processes.execute(w.web());
         w.processes.end(w.web(), killed_by(SIGTERM));
     }},
    {"backoff", ServiceState::Backoff,
     [](World& w) {
         w.ready();
         w.processes.end(w.web(), exited(1), 1ms);
     }},
    {"failed", ServiceState::Failed,
     [](World& w) {
         w.policy().restart = RestartPolicy::Never;
         w.ready();
         w.processes.end(w.web(), exited(1));
     }},
    {"done", ServiceState::Done,
     [](World& w) {
         w.policy().type = ServiceType::Oneshot;
         w.policy().restart = RestartPolicy::Never;
         w.ready();
         w.processes.end(w.web(), exited(0));
     }},
    {"waiting", ServiceState::Waiting,
     [](World& w) {
         auto relations = std::make_shared<Relations>();
         relations->after = {"later"};
         w.directory("/sv/web").own_relations = relations;
         w.policy().readiness = Readiness::Exec;
         w.directory("/sv/later").policy.readiness = Readiness::Notify;
         const ServiceSet::Batch batch(w.services);
         w.services.add("later", "/sv/later");
         w.add();
     }},
};

}  // namespace

TEST_CASE("a service whose processes live goes on as it was", "[inherit]") {
    for (const Case& each : kWithProcess) {
        INFO(each.name);
        World w;
        each.make(w);
        REQUIRE(w.state("web") == each.state);
        const Snapshot before = w.snapshot();
        const ServiceId id = w.service("web").id;
        const auto alive = w.processes.alive;
        const std::size_t sent = w.processes.sent.size();
        const Duration since = w.service("web").since;
        w.clock.advance(1s);
        w.succeed();
        INFO(words(before) << " -> " << words(w.snapshot()));
        CHECK(w.snapshot() == before);
        CHECK(w.service("web").id == id);
        CHECK(w.service("web").since == since);
        CHECK(w.processes.last_pid == w.moment().last_pid);
        REQUIRE(w.processes.alive.size() == alive.size());
        for (const auto& [pid, process] : alive) {
            CHECK(w.processes.alive.at(pid).key == process.key);
        }
        CHECK(w.processes.sent.size() == sent);  // nothing was left open, so nobody is told again
        const std::size_t timers =
            (before.timer_armed ? 1U : 0U) + (std::string(each.name) == "reloading" ? 1U : 0U);
        CHECK(w.clock.armed() == timers);
    }
}

TEST_CASE("an exit that nobody heard of is told once, with its status", "[inherit]") {
    for (const Case& each : kWithProcess) {
        INFO(each.name);
        World w;
        each.make(w);
        const std::uint32_t before = w.deaths();
        const bool has_run = w.snapshot().has_run;
        const std::uint32_t run = w.snapshot().generation;
        for (const auto& [pid, process] : std::map(w.processes.alive)) {
            w.processes.end_unheard(pid, killed_by(SIGSEGV));
        }
        w.succeed();
        CHECK(w.deaths() == before + (has_run ? 1 : 0));
        if (has_run) {
            CHECK(w.service("web").last_death()->status == killed_by(SIGSEGV));
            CHECK_FALSE((w.snapshot().has_run && w.snapshot().generation == run));
        }
        const std::uint32_t told = w.deaths();
        w.succeed();
        CHECK(w.deaths() == told);
    }
}

TEST_CASE("an exit that was written down is believed without asking anybody", "[inherit]") {
    World w;
    w.ready();
    const ProcessKey key{w.service("web").id, w.snapshot().generation};
    w.kept.exited(key, exited(3), true);
    FakeSystem::Moment moment = w.moment();
    moment.alive.clear();
    w.FakeSystem::succeed(moment, {"web"});
    CHECK(w.service("web").last_death()->status == exited(3));
    CHECK(w.deaths() == 1);
    CHECK(w.state("web") == ServiceState::Backoff);  // its run was short
}

TEST_CASE("how a process ended that nobody can ask of is unknown, and said so", "[inherit]") {
    World w;
    w.ready();
    FakeSystem::Moment moment = w.moment();
    moment.alive.clear();
    w.FakeSystem::succeed(moment, {"web"});
    CHECK(w.service("web").last_death()->status == ExitStatus::unknown());
    CHECK(to_text(w.service("web").last_death()->status) == "ended, nobody knows how");
}

TEST_CASE("a process that was asked for and never born is made", "[inherit]") {
    for (const Case& each : kWithProcess) {
        INFO(each.name);
        World w;
        each.make(w);
        const Snapshot before = w.snapshot();
        const std::uint32_t youngest =
            std::max(before.has_run ? before.generation : 0,
                     before.has_auxiliary ? before.auxiliary_generation : 0);
        FakeSystem::Moment moment = w.moment();
        // Killed between saving that it is wanted and making it.
        namespace table = state_table;
        table::Slot slot = table::Reader::open(w.kept.bytes())->slot(node_of(w.service("web").id));
        const bool is_run = before.has_run && before.generation == youngest;
        slot.record.flags &= is_run ? ~(1U << 10U) : ~(1U << 11U);
        slot.processes[is_run ? 0 : 1].pid = 0;
        const auto geometry = table::Reader::open(w.kept.bytes())->header().geometry;
        std::memcpy(reinterpret_cast<std::byte*>(moment.table.data()) + geometry.slots_offset +
                        node_of(w.service("web").id) * geometry.slot_size,
                    static_cast<const void*>(&slot), sizeof slot);
        std::erase_if(moment.alive, [&](const auto& process) {
            return process.second.key.generation == youngest;
        });
        w.FakeSystem::succeed(moment, {"web"});
        const bool is_wanted = before.state != ServiceState::Stopping || !is_run;
        std::size_t made = 0;
        for (const auto& [pid, process] : w.processes.alive) {
            made += process.key.generation == youngest ? 1 : 0;
        }
        CHECK(made == (is_wanted ? 1 : 0));
    }
}

TEST_CASE("a service without a process stays what it is", "[inherit]") {
    for (const Case& each : kWithout) {
        INFO(each.name);
        World w;
        each.make(w);
        REQUIRE(w.state("web") == each.state);
        const Snapshot before = w.snapshot();
        const std::uint32_t deaths = w.deaths();
        const auto born = w.processes.last_pid;
        w.FakeSystem::succeed(w.moment(), {"later", "web"});
        INFO(words(before) << " -> " << words(w.snapshot()));
        CHECK(w.snapshot() == before);
        CHECK(w.deaths() == deaths);
        CHECK(w.processes.last_pid >= born);
        CHECK(w.processes.alive.count(w.web()) == 0);
    }
}

TEST_CASE("what a service without a process has printed is kept as its definition says",
          "[inherit]") {
    for (const Case& each : kWithout) {
        INFO(each.name);
        World w;
        const auto settings = std::make_shared<const LogSettings>();
        w.directory("/sv/web").own_log = settings;
        each.make(w);
        CHECK(w.outputs.described.empty());
        w.FakeSystem::succeed(w.moment(), {"later", "web"});
        CHECK(w.outputs.described[w.service("web").id] == settings);
    }
}

TEST_CASE("what a supervisor was about to kill when it died is killed by the next one",
          "[inherit]") {
    for (const bool kills : {true, false}) {
        World w;
        w.directory("/sv/web").leftovers = kills ? Leftovers::Kill : Leftovers::Keep;
        w.policy().restart = RestartPolicy::Never;
        w.ready();
        w.processes.end(w.web(), exited(1));
        const ServiceId id = w.service("web").id;
        w.cgroups.killed.clear();
        w.succeed();
        CHECK(w.cgroups.killed.empty());  // nobody is there
        w.cgroups.processes[id] = {4711};
        w.succeed();
        CHECK(w.cgroups.killed == (kills ? std::vector{id} : std::vector<ServiceId>()));
        CHECK(w.sessions.killed.empty());
    }
}

TEST_CASE("who runs is not taken for left behind", "[inherit]") {
    World w;
    w.ready();
    w.cgroups.processes[w.service("web").id] = {4711};
    w.succeed();
    CHECK(w.cgroups.killed.empty());
}

TEST_CASE("a timer goes on with the time that is left", "[inherit]") {
    World w;
    w.ready();
    w.post(WantDown{});
    w.clock.advance(7s);
    w.succeed();
    w.clock.advance(2900ms);
    CHECK(w.snapshot().stop_stage == StopStage::Terminate);
    w.clock.advance(200ms);
    CHECK(w.snapshot().stop_stage == StopStage::Kill);
    World late;
    late.ready();
    late.post(WantDown{});
    const auto moment = late.moment();
    late.clock.forget_all();
    late.clock.advance(1min);
    late.FakeSystem::succeed(moment, {"web"});
    late.clock.advance(0s);
    CHECK(late.snapshot().stop_stage == StopStage::Kill);
}

TEST_CASE("a signal that may not have been sent is sent again", "[inherit]") {
    World w;
    w.ready();
    FakeSystem::Moment moment;
    w.processes.before_call = [&] {
        if (moment.table.empty()) {
            moment = w.moment();
        }
    };
    w.post(WantDown{});
    w.processes.before_call = nullptr;
    w.processes.sent.clear();
    const std::int32_t pid = w.web();
    w.FakeSystem::succeed(moment, {"web"});
    CHECK(w.state("web") == ServiceState::Stopping);
    CHECK(w.processes.sent == std::vector<FakeProcesses::Sent>{{pid, SIGTERM, Target::Process},
                                                               {pid, SIGCONT, Target::Process}});
}

TEST_CASE("what has no directory any more is stopped and forgotten", "[inherit]") {
    World w;
    w.ready();
    const std::int32_t pid = w.web();
    w.FakeSystem::succeed(w.moment(), {});
    REQUIRE(w.services.find("web") != nullptr);
    CHECK(w.state("web") == ServiceState::Stopping);
    w.processes.end(pid, killed_by(SIGTERM));
    CHECK(w.services.find("web") == nullptr);
    w.FakeSystem::succeed(w.moment(), {});
    CHECK(w.services.find("web") == nullptr);
    CHECK(w.processes.alive.empty());
}

TEST_CASE("a slot that cannot be is told, and what runs of it runs on", "[inherit]") {
    World w;
    w.ready();
    const std::int32_t pid = w.web();
    FakeSystem::Moment moment = w.moment();
    const auto geometry = state_table::Reader::open(w.kept.bytes())->header().geometry;
    const std::size_t state = geometry.slots_offset +
                              node_of(w.service("web").id) * geometry.slot_size +
                              offsetof(state_table::Slot, record);
    reinterpret_cast<unsigned char*>(moment.table.data())[state] = 99;
    w.FakeSystem::succeed(moment, {"web"});
    CHECK(w.journal.has("says of web what cannot be"));
    CHECK(w.processes.alive.size() == 1);
    CHECK(w.state("web") == ServiceState::Ready);
    CHECK(w.web() == pid);
    // It is looked after as any other.
    w.processes.end(pid, killed_by(SIGTERM));
    CHECK(w.state("web") == ServiceState::Starting);
    CHECK(w.processes.alive.size() == 1);
}

TEST_CASE("a definition that changed meanwhile is marked, and restarts nothing", "[inherit]") {
    World w;
    w.ready();
    const std::int32_t pid = w.web();
    w.succeed();
    CHECK_FALSE(w.service("web").definition_changed);
    w.policy().stop_timeout = 77s;
    w.succeed();
    CHECK(w.service("web").definition_changed);
    CHECK(w.web() == pid);
    w.succeed();
    CHECK(w.service("web").definition_changed);
}

TEST_CASE("what a service said and how it died is known to the next supervisor", "[inherit]") {
    World w;
    w.policy().readiness = Readiness::Notify;
    w.ready();
    const ProcessKey key{w.service("web").id, w.snapshot().generation};
    NotifyMessage message;
    message.status = "serving";
    w.services.service_said(key, message);
    w.services.service_is_ready(key);
    w.succeed();
    REQUIRE(w.service("web").words);
    CHECK(w.service("web").words->status == "serving");
    for (int i = 0; i < 20; ++i) {
        w.processes.end(w.web(), exited(i), 1min);
        w.processes.execute(w.web());
    }
    w.succeed();
    const DeathLog& deaths = w.service("web").history->deaths;
    CHECK(deaths.count() == 20);
    REQUIRE(deaths.size() == DeathLog::kMost);
    for (std::size_t age = 0; age < deaths.size(); ++age) {
        CHECK(deaths.newest(age).status == exited(19 - static_cast<int>(age)));
        CHECK(deaths.newest(age).lived == 1min);
    }
    CHECK(deaths.newest(1).restarted);
}

TEST_CASE("new services get ids that none had before", "[inherit]") {
    World w;
    w.ready();
    w.services.add("gone", "/sv/gone");
    const ServiceId gone = w.service("gone").id;
    w.services.remove("gone");
    w.processes.end(w.processes.pid_of(gone), killed_by(SIGTERM));
    REQUIRE(w.services.find("gone") == nullptr);
    const ServiceId web = w.service("web").id;
    w.FakeSystem::succeed(w.moment(), {"web", "new"});
    CHECK(w.service("web").id == web);
    CHECK(w.service("new").id != gone);
    CHECK(w.service("new").id != web);
}
