#include "init/container_state.h"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

using namespace mainstay::init;
using Phase = ContainerPhase;
using Do = ContainerDo;
using std::chrono::seconds;

namespace {

/// A container and all it was told to do.
struct Walk {
    ContainerPolicy policy;
    ContainerState state;
    std::vector<ContainerEffect> effects;

    Walk(ContainerPolicy with, bool has_command, bool has_services) : policy(with) {
        state.command_lives = has_command;
        state.supervisor_lives = has_services;
    }

    /// What this event alone has it do.
    std::vector<ContainerEffect> take(const ContainerEvent& event) {
        const ContainerStep taken = step(state, event, policy);
        state = taken.next;
        const std::vector<ContainerEffect> now(taken.effects.begin(), taken.effects.end());
        effects.insert(effects.end(), now.begin(), now.end());
        return now;
    }
};

using Effects = std::vector<ContainerEffect>;
const ContainerPolicy kPatient{std::nullopt};
const ContainerPolicy kGrace{seconds(5)};

}  // namespace

TEST_CASE("the command's end is the container's", "[container]") {
    Walk walk(kPatient, true, false);
    walk.take(CommandEnded{7});
    CHECK(walk.state.phase == Phase::Ended);
    CHECK(walk.state.code == 7);
}

TEST_CASE("without a grace a command that was asked to stop may take for ever", "[container]") {
    Walk walk(kPatient, true, false);
    CHECK(walk.take(StopAsked{}).empty());
    CHECK(walk.take(StopAsked{}).empty());
    CHECK(walk.state.phase == Phase::StopCommand);
}

TEST_CASE("a command that does not stop in time is killed, and the others after it",
          "[container]") {
    Walk walk(kGrace, true, false);
    CHECK(walk.take(StopAsked{}) == Effects{ContainerArm{seconds(5)}});
    CHECK(walk.take(StopAsked{}).empty());
    CHECK(walk.take(GraceEnded{}) == Effects{Do::KillCommand});
    CHECK(walk.take(CommandEnded{137}) ==
          Effects{Do::Disarm, ContainerArm{seconds(5)}, Do::TerminateRest});
    CHECK(walk.take(GraceEnded{}) == Effects{ContainerArm{kKilledGrace}, Do::KillRest});
    CHECK(walk.take(EveryoneEnded{}).empty());
    CHECK(walk.state.phase == Phase::Ended);
    CHECK(walk.state.code == 137);
}

TEST_CASE("who cannot even be killed is left", "[container]") {
    Walk walk(kGrace, true, false);
    walk.take(CommandEnded{0});
    walk.take(GraceEnded{});
    CHECK(walk.take(GraceEnded{}).empty());
    CHECK(walk.state.phase == Phase::Ended);
}

TEST_CASE("that nobody is left means nothing while the command is to come", "[container]") {
    Walk walk(kPatient, true, true);
    walk.take(EveryoneEnded{});
    walk.take(GraceEnded{});
    CHECK(walk.state.phase == Phase::Running);
}

TEST_CASE("the command stops before the services it may need", "[container]") {
    Walk walk(kPatient, true, true);
    CHECK(walk.take(StopAsked{}).empty());
    CHECK(walk.take(CommandEnded{3}) == Effects{Do::Disarm, Do::StopSupervisor});
    CHECK(walk.take(StopAsked{}).empty());
    CHECK(walk.take(GraceEnded{}).empty());
    CHECK(walk.take(ServicesEnded{0, false}).empty());
    CHECK(walk.state.phase == Phase::Ended);
    CHECK(walk.state.code == 3);
}

TEST_CASE("a service that ends the container ends the command, with its own code", "[container]") {
    Walk walk(kPatient, true, true);
    CHECK(walk.take(ServicesEnded{42, false}) ==
          Effects{Do::TerminateCommand, ContainerArm{kServicesGoneGrace}});
    CHECK(walk.take(GraceEnded{}) == Effects{Do::KillCommand});
    walk.take(CommandEnded{137});
    CHECK(walk.state.phase == Phase::Ended);
    CHECK(walk.state.code == 42);
}

TEST_CASE("services that end while the command is stopping do not ask it twice", "[container]") {
    Walk walk(kGrace, true, true);
    walk.take(StopAsked{});
    CHECK(walk.take(ServicesEnded{42, false}) == Effects{ContainerArm{seconds(5)}});
    CHECK(walk.state.phase == Phase::StopCommand);
}

TEST_CASE("services alone end when they are asked to, or by themselves", "[container]") {
    Walk asked(kPatient, false, true);
    CHECK(asked.take(StopAsked{}) == Effects{Do::StopSupervisor});
    asked.take(ServicesEnded{0, false});
    CHECK(asked.state.phase == Phase::Ended);
    CHECK(asked.state.code == 0);
    Walk failed(kPatient, false, true);
    failed.take(ServicesEnded{9, false});
    CHECK(failed.state.phase == Phase::Ended);
    CHECK(failed.state.code == 9);
}

TEST_CASE("a supervisor that crashes comes back, but not when it is on its way out",
          "[container]") {
    Walk walk(kPatient, true, true);
    CHECK(walk.take(ServicesEnded{139, true}) == Effects{Do::RestartSupervisor});
    CHECK(walk.state.phase == Phase::Running);
    CHECK(walk.state.supervisor_lives);
    walk.take(CommandEnded{0});
    walk.take(ServicesEnded{139, true});
    CHECK(walk.state.phase == Phase::Ended);
    CHECK(walk.state.code == 0);
}

TEST_CASE("with nothing to run a stop is the end", "[container]") {
    Walk walk(kPatient, false, false);
    walk.take(StopAsked{});
    CHECK(walk.state.phase == Phase::Ended);
    CHECK_FALSE(walk.state.code);
}

TEST_CASE("whatever happens, a stop and the ends that must follow lead to the end", "[container]") {
    std::mt19937 random(7);
    for (int round = 0; round < 20000; ++round) {
        const auto any = [&random](unsigned below) {
            return std::uniform_int_distribution<unsigned>(0, below - 1)(random);
        };
        Walk walk(any(2) != 0 ? kGrace : kPatient, any(2) != 0, any(2) != 0);
        for (unsigned i = any(12); i > 0 && walk.state.phase != Phase::Ended; --i) {
            const unsigned what = any(5);
            if (what == 0) {
                walk.take(StopAsked{});
            } else if (what == 1 && walk.state.command_lives) {
                walk.take(CommandEnded{static_cast<std::uint8_t>(any(256))});
            } else if (what == 2 && walk.state.supervisor_lives) {
                walk.take(ServicesEnded{static_cast<std::uint8_t>(any(256)), any(2) != 0});
            } else if (what == 3) {
                walk.take(GraceEnded{});
            } else if (what == 4 && !walk.state.command_lives && !walk.state.supervisor_lives) {
                walk.take(EveryoneEnded{});
            }
        }
        walk.take(StopAsked{});
        if (walk.state.command_lives) {
            walk.take(CommandEnded{1});
        }
        if (walk.state.supervisor_lives) {
            walk.take(StopAsked{});
            walk.take(ServicesEnded{1, false});
        }
        walk.take(EveryoneEnded{});
        REQUIRE(walk.state.phase == Phase::Ended);
    }
}
