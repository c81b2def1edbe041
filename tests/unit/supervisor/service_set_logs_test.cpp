/// Loggers that several services share: a link `log` to the directory of another service.
#include <catch2/catch.hpp>
#include <csignal>

#include "unit/supervisor/fixture.h"
#include "unit/supervisor/state_text.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::fakes;

namespace {

/// a and b write to what runs in /sv/logger.
struct Shared : FakeSystem {
    Shared() {
        for (const char* name : {"/sv/a", "/sv/b"}) {
            directory(name).has_log = true;
            directory(name).log_target = "/sv/logger";
        }
    }
    void add_all() {
        const ServiceSet::Batch batch(services);
        for (const char* name : {"a", "b", "logger"}) {
            services.add(name, std::string("/sv/") + name);
        }
    }
    void start_all() {
        add_all();
        execute("logger");
        execute("a");
        execute("b");
    }
    void execute(std::string_view name) { processes.execute(pid(name)); }
    void end(std::string_view name, ExitStatus status = killed_by(SIGTERM)) {
        processes.end(pid(name), status);
    }
    bool is_connected(std::string_view writer, std::string_view logger) {
        return outputs.connected.at(service(writer).id) == service(logger).id &&
               service(writer).logger == service(logger).id;
    }
    bool was_signalled(std::string_view name, int signal) const {
        const FakeProcesses::Sent sent{pid(name), signal, Target::Process};
        return std::count(processes.sent.begin(), processes.sent.end(), sent) != 0;
    }
};

}  // namespace

TEST_CASE("two services write to one logger, which starts first", "[shared_log]") {
    Shared system;
    system.add_all();
    CHECK(system.services.find("a/log") == nullptr);
    CHECK(system.is_connected("a", "logger"));
    CHECK(system.is_connected("b", "logger"));
    CHECK(system.state("a") == ServiceState::Waiting);
    CHECK(system.state("b") == ServiceState::Waiting);
    system.execute("logger");
    CHECK(system.state("a") == ServiceState::Starting);
    CHECK(system.state("b") == ServiceState::Starting);
}

TEST_CASE("a shared logger reads to the end when its last writer is down", "[shared_log]") {
    Shared system;
    system.start_all();
    const ServiceId logger = system.service("logger").id;
    system.services.stop_all();
    system.end("a");
    CHECK(system.outputs.closed.empty());
    CHECK(system.service("logger").snapshot.stop_stage == StopStage::Dependents);
    system.end("b");
    CHECK(system.outputs.closed.count(logger) == 1);
    CHECK(system.service("logger").snapshot.stop_stage == StopStage::Drain);
    CHECK_FALSE(system.was_signalled("logger", SIGTERM));
    system.end("logger", exited(0));
    CHECK(system.services.count_not_resting() == 0);
}

TEST_CASE("a writer that is removed leaves the shared logger to the other", "[shared_log]") {
    Shared system;
    system.start_all();
    system.services.remove("a");
    system.end("a");
    CHECK(system.services.find("a") == nullptr);
    CHECK(system.state("logger") == ServiceState::Ready);
    CHECK(system.outputs.closed.empty());
    CHECK(system.is_connected("b", "logger"));
}

TEST_CASE("a restart or a down of a shared logger closes nothing and stops nobody",
          "[shared_log]") {
    Shared system;
    system.start_all();
    const ServiceId logger = system.service("logger").id;
    const bool starts_again = GENERATE(true, false);
    system.services.post(logger, starts_again ? Event(Restart{}) : Event(WantDown{}));
    CHECK(system.was_signalled("logger", SIGTERM));
    system.end("logger");
    CHECK(system.outputs.closed.empty());
    CHECK(system.outputs.forgotten.empty());
    CHECK(system.state("a") == ServiceState::Ready);
    CHECK((system.pid("logger") != 0) == starts_again);
}

TEST_CASE("a writer that comes later is connected; the logger starts again with the pipe",
          "[shared_log]") {
    Shared system;
    system.run("logger");
    system.services.add("a", "/sv/a");
    CHECK(system.is_connected("a", "logger"));
    CHECK(system.state("logger") == ServiceState::Stopping);
    CHECK(system.journal.has("logger: is restarted to read what a writes"));
    system.end("logger");
    system.execute("logger");
    CHECK(system.state("a") == ServiceState::Starting);
    SECTION("and the next one finds the pipe there") {
        system.services.add("b", "/sv/b");
        CHECK(system.is_connected("b", "logger"));
        CHECK(system.state("logger") == ServiceState::Ready);
    }
}

TEST_CASE("a link to what is no service is a logger of its own, as runsv has it", "[shared_log]") {
    Shared system;
    system.directory("/sv/a/log").policy.has_finish = true;
    system.services.add("a", "/sv/a");
    REQUIRE(system.services.find("a/log") != nullptr);
    CHECK(system.is_connected("a", "a/log"));
    system.execute("a/log");
    system.execute("a");
    SECTION("until the other becomes a service and a starts again") {
        system.services.add("logger", "/sv/logger");
        system.execute("logger");
        CHECK(system.is_connected("a", "a/log"));
        system.services.post(system.service("a").id, Restart{});
        system.end("a");
        CHECK(system.is_connected("a", "logger"));
        const auto own = system.service("a/log").id;
        CHECK(system.service("a/log").snapshot.stop_stage == StopStage::Drain);
        CHECK(system.outputs.closed.count(own) == 1);
        system.end("a/log", exited(0));
        CHECK(system.services.find("a/log") == nullptr);
        REQUIRE(system.services.find("a") != nullptr);
        CHECK(system.is_connected("a", "logger"));
    }
    SECTION("it goes with its service") {
        system.services.remove("a");
        system.end("a");
        system.end("a/log", exited(0));
        CHECK(system.services.all().empty());
    }
}

TEST_CASE("a logger that is removed while its writers run is stopped, and svlog takes over",
          "[shared_log]") {
    Shared system;
    system.start_all();
    const ServiceId logger = system.service("logger").id;
    system.services.remove("logger");
    CHECK(system.outputs.closed.empty());
    CHECK(system.was_signalled("logger", SIGTERM));
    system.end("logger");
    CHECK(system.services.find("logger") == nullptr);
    CHECK(system.outputs.forgotten.count(logger) == 1);
    CHECK(system.state("a") == ServiceState::Ready);
    CHECK(system.service("a").logger == 0);
    CHECK(system.journal.has("a: its logger logger is gone; svlog keeps its output now"));
    CHECK(system.services.find("a/log") == nullptr);
    SECTION("and it is used again when it comes back") {
        system.services.add("logger", "/sv/logger");
        CHECK(system.is_connected("a", "logger"));
        CHECK(system.is_connected("b", "logger"));
        CHECK(system.state("logger") == ServiceState::Starting);
    }
}

TEST_CASE("logger and writers that are removed together stop in order", "[shared_log]") {
    Shared system;
    system.start_all();
    {
        const ServiceSet::Batch batch(system.services);
        for (const char* name : {"logger", "a", "b"}) {
            system.services.remove(name);
        }
    }
    CHECK(system.service("logger").snapshot.stop_stage == StopStage::Dependents);
    system.end("b");
    system.end("a");
    CHECK(system.service("logger").snapshot.stop_stage == StopStage::Drain);
    system.end("logger", exited(0));
    CHECK(system.services.all().empty());
}

TEST_CASE("a log that leads to its own service, and one to a group", "[shared_log]") {
    Shared system;
    SECTION("itself") {
        system.directory("/sv/a").log_target = "/sv/a";
        system.services.add("a", "/sv/a");
        CHECK(system.journal.has("a: its log leads to its own directory"));
        CHECK(system.services.find("a/log") == nullptr);
    }
    SECTION("each other") {
        system.directory("/sv/logger").has_log = true;
        system.directory("/sv/logger").log_target = "/sv/a";
        system.add_all();
        CHECK(system.is_connected("a", "logger"));
        CHECK(system.is_connected("logger", "a"));
        CHECK(system.processes.alive.size() != 0);
    }
    SECTION("a group reads nothing") {
        system.directory("/sv/logger").policy.type = ServiceType::Group;
        system.add_all();
        CHECK(system.is_connected("a", "a/log"));
    }
}

TEST_CASE("without a pipe to the shared logger output stays in memory", "[shared_log]") {
    Shared system;
    system.outputs.should_fail = [] { return true; };
    system.add_all();
    CHECK(system.service("a").logger == 0);
    CHECK(system.journal.has("a: no pipe to its logger: Too many open files"));
}
