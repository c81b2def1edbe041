/// The simulation with supervisors that die: at any call that changes the world or the state table,
/// with processes that end while there is none.
#include <catch2/catch.hpp>
#include <optional>
#include <set>

#include "supervisor/service_id.h"
#include "unit/supervisor/simulation.h"
#include "unit/supervisor/state_text.h"

using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::simulation;
using namespace mainstay::fakes;

namespace {

class Mortal {
  public:
    explicit Mortal(std::uint32_t seed) : world(seed, kServices) {
        world.system.kept.make(512);
        world.begin();
        world.system.processes.on_end = [this](const ProcessKey& key, const ExitStatus* status) {
            if (const Service* service = world.system.services.find(key.service)) {
                ends[service->name] += status != nullptr && service->snapshot.has_run &&
                                               service->snapshot.generation == key.generation
                                           ? 1
                                           : 0;
            }
        };
    }

    /// The supervisor dies at the call of that number from here on, while @p things happen; what
    /// had not happened by then never does.
    template <typename Things>
    void die_during(std::uint32_t call, Things things) {
        FakeSystem& system = world.system;
        std::optional<FakeSystem::Moment> moment;
        std::map<std::string, std::uint32_t> ends_then;
        const auto look = [&] {
            moment = system.moment();
            ends_then = ends;
        };
        const auto tick = [&] {
            if (!moment && call-- == 0) {
                look();
            }
        };
        system.kept.before_change = tick;
        system.processes.before_call = tick;
        things();
        system.kept.before_change = nullptr;
        system.processes.before_call = nullptr;
        if (!moment) {
            look();
        }
        ends = ends_then;
        let_some_end(*moment);
        Names names;
        for (const auto& [name, sample] : world.samples) {
            names.push_back(name);
        }
        system.succeed(*moment, names);
        check_processes(*moment);
    }

    Simulation world;
    std::map<std::string, std::uint32_t> ends;  ///< of runs that were executed, or seemed so

  private:
    static constexpr int kServices = 60;

    void let_some_end(FakeSystem::Moment& moment) {
        const auto table =
            state_table::Reader::open(std::as_bytes(std::span(std::as_const(moment.table))));
        for (auto process = moment.alive.begin(); process != moment.alive.end();) {
            if (world.pick(8) != 0) {
                ++process;
                continue;
            }
            const auto& [pid, what] = *process;
            const state_table::Slot slot = table->slot(node_of(what.key.service));
            ends[std::string(state_table::text_of(slot.name))] +=
                slot.processes[0].pid == pid ? 1 : 0;
            moment.unheard[pid] = exited(static_cast<int>(world.pick(2)));
            process = moment.alive.erase(process);
        }
    }

    /// At most one run and one auxiliary process each, known as such, and nobody lost who lived.
    void check_processes(const FakeSystem::Moment& before) {
        const FakeSystem& system = world.system;
        for (const auto& [pid, process] : before.alive) {
            CHECK(system.processes.alive.count(pid) == 1);
        }
        std::set<std::pair<ServiceId, std::uint32_t>> keys;
        for (const auto& [pid, process] : system.processes.alive) {
            const Service* service = system.services.find(process.key.service);
            REQUIRE(service != nullptr);
            const Snapshot& s = service->snapshot;
            INFO(service->name << ": " << words(s) << ", pid " << pid << ", generation "
                               << process.key.generation);
            CHECK(keys.insert({process.key.service, process.key.generation}).second);
            CHECK(((s.has_run && s.generation == process.key.generation) ||
                   (s.has_auxiliary && s.auxiliary_generation == process.key.generation)));
        }
    }
};

/// Nothing is on its way at rest but who hangs and what waits.
void check_rest(const Mortal& mortal) {
    for (const auto& [name, sample] : mortal.world.samples) {
        const Service& service = mortal.world.system.service(name);
        const Snapshot& s = service.snapshot;
        INFO(name << ": " << words(s) << "; " << mortal.world.system.services.cause_of(service));
        const bool may_rest = is_resting(s.state) || s.state == ServiceState::Ready ||
                              s.state == ServiceState::Waiting ||
                              (s.state == ServiceState::Up && sample.hangs);
        CHECK(may_rest);
        CHECK((s.wanted != Wanted::Down || s.state == ServiceState::Down));
        for (const std::string& need : sample.relations.needs) {
            const Service* needed = mortal.world.system.services.find(need);
            const bool lacks = needed == nullptr || needed->snapshot.wanted == Wanted::Down ||
                               needed->snapshot.state == ServiceState::Failed;
            CHECK((s.state != ServiceState::Ready || !lacks));
        }
        const auto ends = mortal.ends.find(name);
        CHECK((service.history ? service.history->deaths.count() : 0) ==
              (ends == mortal.ends.end() ? 0 : ends->second));
    }
}

}  // namespace

TEST_CASE("supervisors die at any moment: nothing is lost, doubled or left on its way",
          "[simulation][inherit]") {
    for (std::uint32_t seed = 1; seed <= 8; ++seed) {
        Mortal mortal(seed);
        INFO("seed " << seed);
        for (int round = 0; round < 6; ++round) {
            for (int i = 0; i < 20; ++i) {
                mortal.die_during(mortal.world.pick(60), [&] {
                    mortal.world.live(3);
                    const Verb verb = mortal.world.random_verb();
                    mortal.world.system.services.post(verb.service.id, verb.event);
                    mortal.world.system.clock.advance(
                        std::chrono::milliseconds(mortal.world.pick(9000)));
                });
            }
            REQUIRE(mortal.world.come_to_rest());
            check_rest(mortal);
        }
    }
}
