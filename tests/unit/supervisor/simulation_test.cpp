/// Thousands of services with random relations, ends, hangs, failures and verbs in a world of
/// fakes. A witness judges every step and an oracle every rest; neither knows anything of the
/// planner. MAINSTAY_SEED, MAINSTAY_SEEDS and MAINSTAY_SERVICES in the environment make it others,
/// or more.
#include <catch2/catch.hpp>
#include <cstdlib>

#include "unit/supervisor/simulation_oracle.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::simulation;

namespace {

std::uint32_t from_environment(const char* name, std::uint32_t otherwise) {
    const char* given = std::getenv(name);
    return given != nullptr ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10))
                            : otherwise;
}

/// Calls it once for each seed.
template <typename Judge>
void for_each_seed(std::uint32_t count, const Judge& judge) {
    const std::uint32_t first = from_environment("MAINSTAY_SEED", 1);
    const std::uint32_t end = first + from_environment("MAINSTAY_SEEDS", count);
    for (std::uint32_t seed = first; seed < end; ++seed) {
        INFO("MAINSTAY_SEED=" << seed);
        judge(seed);
    }
}

int services_or(int otherwise) {
    return static_cast<int>(
        from_environment("MAINSTAY_SERVICES", static_cast<std::uint32_t>(otherwise)));
}

void judge_at_rest(Simulation& simulation, const Witness& witness) {
    REQUIRE(simulation.come_to_rest());
    CHECK(simulation.system.services.all_settled());
    CHECK(witness.complaints() == Names{});
    CHECK(Oracle(simulation, witness).judge() == "");
}

}  // namespace

TEST_CASE("a world of services comes to rest where its relations say", "[simulation]") {
    for_each_seed(40, [](std::uint32_t seed) {
        Simulation simulation(seed, services_or(100));
        Witness witness(simulation);
        witness.begin();
        for (int round = 0; round < 6; ++round) {
            for (int i = 0; i < 30; ++i) {
                simulation.live(3);
                witness.post(simulation.random_verb());
                simulation.system.clock.advance(std::chrono::milliseconds(simulation.pick(9000)));
            }
            judge_at_rest(simulation, witness);
        }
    });
}

TEST_CASE("ten thousand services come to rest where their relations say", "[simulation]") {
    for_each_seed(1, [](std::uint32_t seed) {
        Simulation simulation(seed, 10000);
        Witness witness(simulation);
        witness.begin();
        for (int i = 0; i < 30; ++i) {
            simulation.live(3);
            witness.post(simulation.random_verb());
            simulation.system.clock.advance(500ms);
        }
        judge_at_rest(simulation, witness);
    });
}

TEST_CASE("a stop of all ends with all down, dependents first", "[simulation]") {
    for_each_seed(20, [](std::uint32_t seed) {
        Simulation simulation(seed, services_or(100));
        Witness witness(simulation);
        witness.begin();
        for (int i = 0; i < 20; ++i) {
            simulation.live(2);
            simulation.system.clock.advance(1s);
        }
        witness.stop_all();
        REQUIRE(simulation.come_to_rest());
        CHECK(witness.complaints() == Names{});
        CHECK(simulation.system.services.count_not_resting() == 0);
        CHECK(simulation.system.processes.alive.empty());
        CHECK(simulation.system.clock.armed() == 0);
        for (const auto& [name, sample] : simulation.samples) {
            CHECK(simulation.system.state(name) == ServiceState::Down);
        }
    });
}
