/// Each call that the services make of the system fails once, with each errno: all that is wanted
/// up is up in the end, the error is named, and nobody else notices.
#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <functional>
#include <set>

#include "unit/supervisor/relations_fixture.h"
#include "unit/supervisor/state_text.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::fakes;

namespace {

constexpr std::array kErrors{EINTR, EAGAIN, ENOMEM, EMFILE, ENOSPC, EIO, EPERM};

/// What has come to nothing without a word: the real cgroups and sessions say it themselves.
const std::set<std::string> kSilent{"enter",     "members", "kill_members",
                                    "oom_kills", "usage",   "kill session"};

/// Services of all kinds, in a world in which processes do what they are told and time passes.
struct World : RelatedSystem {
    World() {
        policy("db").readiness = Readiness::Notify;
        directory("/sv/db").leftovers = Leftovers::Kill;
        directory("/sv/db").has_log = true;
        relate("web").needs = {"db"};
        policy("web").has_finish = true;
        policy("web").has_setup = true;
        relate("job").after = {"db"};
        policy("job").type = ServiceType::Oneshot;
        policy("job").restart = RestartPolicy::OnFailure;
        relate("all").members = {"web", "job"};
        policy("all").type = ServiceType::Group;
        policy("deaf").stop_timeout = 2s;
    }

    /// What each process does next. @returns whether any did something
    bool live() {
        bool did_something = false;
        const auto alive = processes.alive;
        for (const auto& [pid, process] : alive) {
            if (processes.alive.count(pid) != 0 && live_on(pid, process.key)) {
                did_something = true;
            }
        }
        return did_something;
    }

    bool live_on(std::int32_t pid, ProcessKey key) {
        const Service& of = *services.find(key.service);
        const Snapshot& s = of.snapshot;
        const bool is_former = !s.has_run || s.generation != key.generation;
        if (!is_former && s.state == ServiceState::Starting) {
            processes.execute(pid);
        } else if (!is_former && is_ending(pid, of.name)) {
            processes.end(pid, killed_by(SIGTERM), 10s);
        } else if (is_former || of.definition.policy.type == ServiceType::Oneshot) {
            processes.end(pid, exited(0), 10ms);
        } else if (s.state == ServiceState::Up && of.name == "db") {
            services.service_is_ready(key);
        } else {
            return false;
        }
        return true;
    }

    bool is_ending(std::int32_t pid, const std::string& name) const {
        for (const auto& sent : processes.sent) {
            const bool obeys = name != "deaf" && sent.signal == SIGTERM;
            if (sent.pid == pid && (obeys || sent.signal == SIGKILL)) {
                return true;
            }
        }
        return false;
    }

    /// Until nothing moves, however long that takes in there.
    bool come_to_rest() {
        for (int round = 0; round < 1000; ++round) {
            if (!live()) {
                if (clock.armed() == 0) {
                    return true;
                }
                clock.advance(clock.until_next());
            }
        }
        return false;
    }
};

/// The life of these services; each step is taken to its end.
void go_through(World& world, const std::function<void()>& come_to_rest) {
    const std::array<std::function<void()>, 9> steps{
        [&] {
            world.add({"db", "web", "job", "all", "deaf", "bystander"});
        },
        [&] { world.end("db", exited(1)); },
        [&] { world.post("web", Restart{}); },
        [&] { world.post("deaf", Restart{}); },
        [&] { world.services.rescan(); },
        [&] { world.post("db", WantDown{}); },
        [&] { world.post("web", WantUp{}); },
        [&] { world.services.remove("job"); },
        [&] { world.add({"job"}); },
    };
    for (const auto& step : steps) {
        step();
        come_to_rest();
    }
}

bool is_up(const World& world, const char* name) {
    const Service* service = world.services.find(std::string_view(name));
    return service != nullptr && (service->snapshot.state == ServiceState::Ready ||
                                  service->snapshot.state == ServiceState::Done);
}

/// A fault within the first start of the bystander makes that its second; none other reaches it.
bool was_left_alone(const World& world) {
    const Service& bystander = world.service("bystander");
    return bystander.last_death() == nullptr && bystander.snapshot.restarts <= 1;
}

}  // namespace

TEST_CASE("each call fails once with each error, and all comes to what was wanted", "[faults]") {
    World faultless;
    go_through(faultless, [&] { REQUIRE(faultless.come_to_rest()); });
    REQUIRE(faultless.faults.calls > 60);
    for (int failing = 0; failing < faultless.faults.calls; ++failing) {
        for (const int error : kErrors) {
            World world;
            world.faults.failing = failing;
            world.faults.error = error;
            bool has_rested = true;
            go_through(world, [&] { has_rested = world.come_to_rest() && has_rested; });
            INFO("call " << failing << " (" << world.faults.failed
                         << ") failed: " << errno_text(error));
            CHECK(has_rested);
            for (const char* name : {"db", "db/log", "web", "job", "all", "deaf", "bystander"}) {
                INFO(name);
                CHECK(is_up(world, name));
            }
            CHECK(world.processes.alive.size() == faultless.processes.alive.size());
            CHECK(was_left_alone(world));
            if (kSilent.count(world.faults.failed) == 0) {
                CHECK(world.journal.has(errno_text(error)));
            }
        }
    }
}
