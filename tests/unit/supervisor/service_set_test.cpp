#include "supervisor/service_set.h"

#include <catch2/catch.hpp>
#include <csignal>

#include "unit/supervisor/fixture.h"
#include "unit/supervisor/state_text.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::fakes;

namespace {

/// web with a logger and its own finish program.
struct Logged : FakeSystem {
    Logged() {
        directory("/sv/web").has_log = true;
        directory("/sv/web").policy.has_finish = true;
        directory("/sv/web/log").policy.has_finish = true;
    }
};

using Sent = FakeProcesses::Sent;

}  // namespace

TEST_CASE("a service that is added starts, unless it has a down file", "[service_set]") {
    FakeSystem system;
    system.directory("/sv/off").has_down_file = true;
    system.services.add("web", "/sv/web");
    system.services.add("off", "/sv/off");
    CHECK(system.state("web") == ServiceState::Starting);
    CHECK(system.state("off") == ServiceState::Down);
    const auto& plan = system.processes.alive.at(system.pid("web")).plan;
    CHECK(plan.directory == "/sv/web");
    CHECK(plan.arguments == std::vector<std::string>{"./run"});
    system.processes.execute(system.pid("web"));
    CHECK(system.state("web") == ServiceState::Ready);
}

TEST_CASE("a service waits for its logger's start, whatever comes of it", "[service_set]") {
    Logged system;
    system.services.add("web", "/sv/web");
    CHECK(system.state("web/log") == ServiceState::Starting);
    CHECK(system.state("web") == ServiceState::Waiting);
    CHECK(system.services.cause_of(system.service("web")) == "waits for web/log to start");
    SECTION("ready") {
        system.processes.execute(system.pid("web/log"));
    }
    SECTION("or not") {
        system.processes.fail_exec(system.pid("web/log"), {"exec", "/sv/web/log/run", ENOENT});
        CHECK(system.state("web/log") == ServiceState::Backoff);
    }
    CHECK(system.state("web") == ServiceState::Starting);
    // The service writes into what the logger reads.
    const auto web = system.service("web").id;
    CHECK(system.outputs.connected.at(web) == system.service("web/log").id);
}

TEST_CASE("finish gets code, status, name and process group; a logger's is not run",
          "[service_set]") {
    Logged system;
    system.services.add("web", "/sv/web");
    system.processes.execute(system.pid("web/log"));
    const std::int32_t group = system.pid("web");
    system.processes.execute(group);
    system.processes.end(group, exited(3));
    CHECK(system.state("web") == ServiceState::Finishing);
    CHECK(system.processes.alive.at(system.pid("web")).plan.arguments ==
          std::vector<std::string>{"./finish", "3", "0", "web", std::to_string(group)});
    system.processes.end(system.pid("web/log"), exited(0));
    CHECK(system.state("web/log") != ServiceState::Finishing);
}

TEST_CASE("a service that dies at once comes back later and later", "[service_set]") {
    FakeSystem system;
    system.run("web");
    system.processes.end(system.pid("web"), exited(1), 10ms);
    CHECK(system.state("web") == ServiceState::Backoff);
    CHECK(system.journal.has("web: exit 1 after 10 ms; next start in 250 ms"));
    system.clock.advance(249ms);
    CHECK(system.state("web") == ServiceState::Backoff);
    system.clock.advance(1ms);
    CHECK(system.state("web") == ServiceState::Starting);
    CHECK(system.service("web").last_death()->status == exited(1));
}

TEST_CASE("a program that cannot be executed is named with path and errno", "[service_set]") {
    FakeSystem system;
    system.services.add("web", "/sv/web");
    system.processes.fail_exec(system.pid("web"), {"exec", "/sv/web/run", ENOENT});
    CHECK(system.state("web") == ServiceState::Backoff);
    CHECK(system.journal.has("web: exec /sv/web/run: No such file or directory; next start in"));
    CHECK(system.service("web").exec_fault()->code == ENOENT);
    SECTION("and forgotten when it can") {
        system.clock.advance(250ms);
        system.processes.execute(system.pid("web"));
        CHECK_FALSE(system.service("web").exec_fault());
    }
}

TEST_CASE("down sends TERM and CONT, then KILL to the group", "[service_set]") {
    FakeSystem system;
    system.directory("/sv/web").policy.stop_timeout = 3s;
    system.run("web");
    const std::int32_t pid = system.pid("web");
    system.services.post(system.service("web").id, WantDown{});
    CHECK(system.processes.sent ==
          std::vector<Sent>{{pid, SIGTERM, Target::Process}, {pid, SIGCONT, Target::Process}});
    system.clock.advance(3s);
    CHECK(system.processes.sent.back() == Sent{pid, SIGKILL, Target::Group});
    CHECK(system.journal.has("web: does not end"));
    system.processes.end(pid, killed_by(SIGKILL));
    CHECK(system.state("web") == ServiceState::Down);
    CHECK(system.clock.armed() == 0);
}

TEST_CASE("what is removed stops, its logger after it, and both are forgotten", "[service_set]") {
    Logged system;
    system.services.add("web", "/sv/web");
    system.processes.execute(system.pid("web/log"));
    system.processes.execute(system.pid("web"));
    const auto log = system.service("web/log").id;
    system.services.remove("web");
    CHECK(system.state("web") == ServiceState::Stopping);
    CHECK(system.state("web/log") == ServiceState::Ready);
    system.processes.end(system.pid("web"), killed_by(SIGTERM));
    CHECK(system.state("web") == ServiceState::Finishing);
    CHECK(system.outputs.closed.empty());
    system.processes.end(system.pid("web"), exited(0));
    CHECK(system.state("web/log") == ServiceState::Stopping);
    CHECK(system.outputs.closed.count(log) == 1);
    system.processes.end(system.pid("web/log"), exited(0));
    CHECK(system.services.find("web") == nullptr);
    CHECK(system.services.find("web/log") == nullptr);
    CHECK(system.outputs.forgotten.size() == 2);
    CHECK(system.services.all().empty());
}

TEST_CASE("what has left with its logger is forgotten when it is removed", "[service_set]") {
    Logged system;
    system.services.add("web", "/sv/web");
    system.processes.execute(system.pid("web/log"));
    system.processes.execute(system.pid("web"));
    system.services.post(system.service("web").id, Retire{});
    system.processes.end(system.pid("web"), killed_by(SIGTERM));
    system.processes.end(system.pid("web"), exited(0));
    const bool is_logger_slow = GENERATE(false, true);
    if (is_logger_slow) {
        system.services.remove("web");
    }
    system.processes.end(system.pid("web/log"), exited(0));
    if (!is_logger_slow) {
        CHECK(system.state("web") == ServiceState::Down);
        system.services.remove("web");
    }
    CHECK(system.services.all().empty());
    CHECK(system.outputs.forgotten.size() == 2);
    // And comes back like any other.
    system.services.add("web", "/sv/web");
    CHECK(system.state("web") == ServiceState::Waiting);
}

TEST_CASE("a name that comes back while it leaves is taken in again after that", "[service_set]") {
    FakeSystem system;
    system.run("web");
    system.services.remove("web");
    system.services.add("web", "/other/web");
    CHECK(system.service("web").definition.path == "/sv/web");
    system.services.post(system.service("web").id, WantUp{});
    CHECK(system.state("web") == ServiceState::Stopping);
    system.processes.end(system.pid("web"), killed_by(SIGTERM));
    REQUIRE(system.services.find("web") != nullptr);
    CHECK(system.service("web").definition.path == "/other/web");
    CHECK(system.state("web") == ServiceState::Starting);
    SECTION("unless it goes again meanwhile") {
        system.services.remove("web");
        system.services.add("web", "/third/web");
        system.services.remove("web");
        system.processes.end(system.pid("web"), killed_by(SIGTERM));
        CHECK(system.services.find("web") == nullptr);
    }
}

TEST_CASE("a removed service that is down is forgotten at once", "[service_set]") {
    FakeSystem system;
    system.directory("/sv/off").has_down_file = true;
    system.services.add("off", "/sv/off");
    system.services.remove("off");
    CHECK(system.services.find("off") == nullptr);
    system.services.remove("off");
}

TEST_CASE("the stop of all stops services in parallel, loggers last, and starts nothing",
          "[service_set]") {
    Logged system;
    system.services.add("web", "/sv/web");
    system.processes.execute(system.pid("web/log"));
    system.processes.execute(system.pid("web"));
    system.run("db");
    system.services.stop_all();
    CHECK(system.state("web") == ServiceState::Stopping);
    CHECK(system.state("db") == ServiceState::Stopping);
    CHECK(system.state("web/log") == ServiceState::Stopping);
    CHECK(system.service("web/log").snapshot.stop_stage == StopStage::Dependents);
    CHECK(system.outputs.closed.empty());
    CHECK(system.services.count_not_resting() == 3);
    system.services.post(system.service("db").id, WantUp{});
    system.processes.end(system.pid("db"), killed_by(SIGTERM));
    CHECK(system.state("db") == ServiceState::Down);
    system.services.add("late", "/sv/late");
    CHECK(system.services.find("late") == nullptr);
    system.processes.end(system.pid("web"), killed_by(SIGTERM));
    system.processes.end(system.pid("web"), exited(0));
    CHECK(system.state("web/log") == ServiceState::Stopping);
    system.processes.end(system.pid("web/log"), exited(0));
    CHECK(system.services.count_not_resting() == 0);
    CHECK(system.processes.alive.empty());
}

TEST_CASE("the boot is settled when every first start has an outcome", "[service_set]") {
    FakeSystem system;
    CHECK(system.services.all_settled());
    system.directory("/sv/off").has_down_file = true;
    system.services.add("off", "/sv/off");
    CHECK(system.services.all_settled());
    system.services.add("web", "/sv/web");
    system.services.add("bad", "/sv/bad");
    CHECK_FALSE(system.services.all_settled());
    system.processes.execute(system.pid("web"));
    CHECK_FALSE(system.services.all_settled());
    SECTION("in backoff") {
        system.processes.fail_exec(system.pid("bad"), {"exec", "/sv/bad/run", ENOENT});
    }
    SECTION("or removed") {
        system.services.remove("bad");
        system.processes.end(system.pid("bad"), killed_by(SIGTERM));
    }
    CHECK(system.services.all_settled());
    system.processes.end(system.pid("web"), exited(1));
    CHECK(system.services.all_settled());
}

TEST_CASE("late exits and late timers of a former run are harmless", "[service_set]") {
    FakeSystem system;
    system.run("web");
    const auto id = system.service("web").id;
    system.services.post(id, Exited{99, exited(1), 1s});
    system.services.post(id, TimedOut{TimerKind::Stop, 99});
    system.services.process_not_executed({id, 99}, {"exec", "x", ENOENT});
    CHECK(system.state("web") == ServiceState::Ready);
    CHECK_FALSE(system.service("web").exec_fault());
    CHECK_FALSE(system.service("web").last_death());
    system.services.process_exited({4711, 1}, exited(0), 1s);
}

TEST_CASE("a verb from within an observer joins the queue", "[service_set]") {
    struct Obstinate final : ServiceObserver {
        explicit Obstinate(ServiceSet& s) : services(s) {}
        void service_changed(const Service& service) override {
            ++depth;
            deepest = std::max(deepest, depth);
            if (service.snapshot.state == ServiceState::Ready) {
                services.post(service.id, WantDown{});
            }
            --depth;
        }
        void service_forgotten(ServiceId /*service*/) override {}
        ServiceSet& services;
        int depth = 0;
        int deepest = 0;
    };
    FakeSystem system;
    Obstinate observer(system.services);
    system.services.observe(observer);
    system.run("web");
    CHECK(system.state("web") == ServiceState::Stopping);
    CHECK(observer.deepest == 1);
}

TEST_CASE("each call that fails in its turn is survived, and all come up in the end",
          "[service_set]") {
    for (int failing = 0; failing < 12; ++failing) {
        Logged system;
        int calls = 0;
        const auto fails = [&] { return calls++ == failing; };
        system.processes.should_fail = fails;
        system.outputs.should_fail = fails;
        system.services.add("web", "/sv/web");
        system.services.add("db", "/sv/db");
        for (int round = 0; round < 20; ++round) {
            const auto alive = system.processes.alive;
            for (const auto& [pid, process] : alive) {
                if (system.services.find(process.key.service)->snapshot.state ==
                    ServiceState::Starting) {
                    system.processes.execute(pid);
                }
            }
            system.clock.advance(1s);
        }
        INFO("call " << failing << " failed");
        CHECK(system.state("web") == ServiceState::Ready);
        CHECK(system.state("db") == ServiceState::Ready);
        system.services.stop_all();
        for (int round = 0; round < 20 && !system.processes.alive.empty(); ++round) {
            const auto alive = system.processes.alive;
            for (const auto& [pid, process] : alive) {
                system.processes.end(pid, killed_by(SIGTERM));
            }
            system.clock.advance(1s);
        }
        CHECK(system.services.count_not_resting() == 0);
    }
}

TEST_CASE("problems of a definition are said, with the service's name", "[service_set]") {
    FakeSystem system;
    system.definitions.directories["/sv/web"].problems = {"timeout-kill: not a number"};
    system.services.add("web", "/sv/web");
    CHECK(system.journal.has("web: timeout-kill: not a number"));
}

TEST_CASE("what cannot be read as it was meant is not run, until it can", "[service_set]") {
    FakeSystem system;
    auto& web = system.definitions.directories["/sv/web"];
    web.usable = false;
    web.problems = {"service.conf:1:1: there is no key 'usr'"};
    system.services.add("web", "/sv/web");
    CHECK(system.pid("web") == 0);
    CHECK(system.state("web") == ServiceState::Failed);
    CHECK(system.journal.has("web: failed: service.conf:1:1: there is no key 'usr'"));
    web.usable = true;
    SECTION("at the next start by hand") {
        system.services.post(system.service("web").id, WantUp{});
    }
    SECTION("or a rescan, which tells") {
        const auto found = system.services.rescan();
        REQUIRE(found.size() == 1);
        CHECK(found[0].changes == std::vector<std::string>{"its definition can be used"});
        CHECK(found[0].when == DefinitionChange::When::Now);
    }
    CHECK(system.pid("web") != 0);
}

TEST_CASE("a birth waits while there are as many as do each other any good", "[service_set]") {
    FakeSystem system;
    system.processes.crowd = 1;
    system.services.add("a", "/sv/a");
    system.services.add("b", "/sv/b");
    system.services.add("c", "/sv/c");
    REQUIRE(system.processes.alive.size() == 1);
    CHECK(system.state("b") == ServiceState::Starting);
    SECTION("and comes in its turn") {
        system.processes.execute(system.pid("a"));
        CHECK(system.processes.alive.size() == 2);
        CHECK(system.pid("b") != 0);
        CHECK(system.pid("c") == 0);
        system.processes.execute(system.pid("b"));
        CHECK(system.pid("c") != 0);
    }
    SECTION("and is taken back by a stop") {
        system.services.post(system.service("b").id, WantDown{});
        system.processes.execute(system.pid("a"));
        CHECK(system.state("b") == ServiceState::Down);
        CHECK(system.processes.last_pid == 2);
        CHECK(system.pid("c") == 2);
    }
    SECTION("and is forgotten with its service") {
        system.services.remove("b");
        system.processes.execute(system.pid("a"));
        CHECK(system.services.find("b") == nullptr);
        CHECK(system.pid("c") == 2);
    }
}
