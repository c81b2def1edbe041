/// What is done when a service has failed for good, and with what a run leaves behind.
#include <catch2/catch.hpp>
#include <csignal>

#include "unit/supervisor/relations_fixture.h"
#include "unit/supervisor/state_text.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::fakes;

TEST_CASE("leftovers are killed when the run has ended", "[service_set]") {
    FakeSystem system;
    const bool is_killed = GENERATE(true, false);
    system.directory("/sv/web").leftovers = is_killed ? Leftovers::Kill : Leftovers::Keep;
    system.run("web");
    const ServiceId web = system.service("web").id;
    const std::int32_t group = system.pid("web");
    SECTION("by the cgroup where there is one") {
        system.cgroups.entered = {web};
        system.processes.end(group, exited(1));
        CHECK(system.cgroups.killed ==
              (is_killed ? std::vector<ServiceId>{web} : std::vector<ServiceId>{}));
        CHECK(system.sessions.killed.empty());
    }
    SECTION("by the session where there is none") {
        system.cgroups.entered.clear();
        system.processes.end(group, exited(1));
        CHECK(system.sessions.killed ==
              (is_killed ? std::vector<std::int32_t>{group} : std::vector<std::int32_t>{}));
    }
}

TEST_CASE("leftovers are killed after finish, not before it", "[service_set]") {
    FakeSystem system;
    system.directory("/sv/web").leftovers = Leftovers::Kill;
    system.directory("/sv/web").policy.has_finish = true;
    system.run("web");
    system.processes.end(system.pid("web"), exited(1));
    CHECK(system.sessions.killed.empty());
    system.cgroups.entered.clear();
    system.processes.end(system.pid("web"), exited(0));
    CHECK(system.sessions.killed.size() == 1);
}

TEST_CASE("a death in which memory ran out is remembered as one", "[service_set]") {
    FakeSystem system;
    system.run("web");
    const ServiceId web = system.service("web").id;
    system.cgroups.kills[web] = 1;
    system.processes.end(system.pid("web"), killed_by(SIGKILL));
    CHECK(system.service("web").last_death()->out_of_memory);
    CHECK(system.service("web").last_death()->restarted);
    CHECK(system.service("web").last_death()->cause == DeathCause::Itself);
    system.processes.execute(system.pid("web"));
    system.processes.end(system.pid("web"), killed_by(SIGKILL));
    CHECK_FALSE(system.service("web").last_death()->out_of_memory);
}

TEST_CASE("a death that was asked for is none of its own", "[service_set]") {
    FakeSystem system;
    system.run("web");
    system.services.post(system.service("web").id, Restart{});
    system.processes.end(system.pid("web"), killed_by(SIGTERM));
    CHECK(system.service("web").last_death()->cause == DeathCause::AskedFor);
    CHECK_FALSE(system.service("web").last_death()->restarted);
}

TEST_CASE("on-failure-action takes the machine along", "[service_set]") {
    struct Row {
        FailureAction action;
        std::vector<std::string> asked;
    };
    for (const Row& row :
         {Row{FailureAction::None, {}}, Row{FailureAction::Reboot, {"reboot"}},
          Row{FailureAction::Poweroff, {"poweroff"}}, Row{FailureAction::Exit, {"exit 9"}}}) {
        FakeSystem system;
        system.directory("/sv/web").policy.on_failure = row.action;
        system.directory("/sv/web").policy.restart = RestartPolicy::Never;
        system.run("web");
        system.processes.end(system.pid("web"), exited(9));
        CHECK(system.state("web") == ServiceState::Failed);
        CHECK(system.machine.asked == row.asked);
    }
}

TEST_CASE("on-failure-action is not asked for while all is stopped anyway", "[service_set]") {
    FakeSystem system;
    system.directory("/sv/web").policy.on_failure = FailureAction::Reboot;
    system.directory("/sv/web").policy.permanent_failure_status.add_code(9);
    system.run("web");
    system.services.stop_all();
    system.processes.end(system.pid("web"), exited(9));
    CHECK(system.machine.asked.empty());
}

TEST_CASE("on-failure-action exec runs a program, once", "[service_set]") {
    RelatedSystem system;
    auto programs = std::make_shared<Programs>();
    programs->on_failure = {"/bin/tell", "web"};
    system.directory("/sv/web").own_programs = programs;
    system.policy("web").on_failure = FailureAction::Exec;
    system.policy("web").restart = RestartPolicy::Never;
    system.start({"web"});
    system.end("web", exited(1));
    CHECK(system.state("web") == ServiceState::Failed);
    REQUIRE(system.pid("web") != 0);
    CHECK(system.processes.alive.at(system.pid("web")).plan.arguments == programs->on_failure);
    system.end("web", exited(0));
    CHECK(system.processes.alive.empty());
    CHECK(system.clock.armed() == 0);
}

TEST_CASE("too many restarts are failed for good, until somebody starts it", "[service_set]") {
    RelatedSystem system;
    system.policy("web").restart_limit_count = 2;
    system.policy("web").restart_limit_interval = 60s;
    system.start({"web"});
    for (int i = 0; i < 3; ++i) {
        system.end("web", exited(1));
        system.execute_all();
        system.clock.advance(1s);
        system.execute_all();
    }
    CHECK(system.state("web") == ServiceState::Failed);
    CHECK(system.cause("web") == "more than 2 restarts within 1 m");
    system.post("web", WantUp{});
    system.execute_all();
    CHECK(system.state("web") == ServiceState::Ready);
    system.end("web", exited(1));
    system.execute_all();
    CHECK(system.state("web") == ServiceState::Ready);
}

TEST_CASE("a batch is judged at its end, whatever its order", "[service_set]") {
    RelatedSystem system;
    system.relate("a").needs = {"b"};
    {
        const ServiceSet::Batch outer(system.services);
        {
            const ServiceSet::Batch inner(system.services);
            system.services.add("a", "/sv/a");
            system.services.post(system.service("a").id, Restart{});
        }
        CHECK(system.processes.alive.empty());
        system.services.add("b", "/sv/b");
        CHECK(system.processes.alive.empty());
    }
    CHECK_FALSE(system.journal.has("failed"));
    CHECK(system.state("b") == ServiceState::Starting);
    system.execute_all();
    CHECK(system.state("a") == ServiceState::Ready);
}
