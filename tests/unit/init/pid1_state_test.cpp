/// What PID 1 does from boot to the end, scene by scene.
#include "init/pid1_state.h"

#include <catch2/catch.hpp>

#include "pid1_fixture.h"
#include "pid1_printing.h"

using namespace mainstay::init;  // NOLINT: every name of the machine under test
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("booting runs sysinit, then wait, then everything else", "[pid1]") {
    Machine machine;
    CHECK(machine(Begin{}) == effects_of(RunNext{EntryClass::Sysinit}, Arm{seconds(30)}));
    CHECK(machine(WaitedEnded{}) == effects_of(RunNext{EntryClass::Sysinit}, Arm{seconds(30)}));
    CHECK_FALSE(respawns(machine.state()));
    CHECK(machine(NoneLeft{}) == effects_of(RunNext{EntryClass::Wait}, Arm{seconds(30)}));
    CHECK(machine(WaitedEnded{}) == effects_of(RunNext{EntryClass::Wait}, Arm{seconds(30)}));
    CHECK_FALSE(respawns(machine.state()));
    CHECK(machine(NoneLeft{}) ==
          effects_of(Do::Disarm, StartAll{EntryClass::Once}, Do::ResumeRespawning));
    CHECK(machine.phase() == Phase::Running);
    CHECK(respawns(machine.state()));
    CHECK(machine(Begin{}) == Effects{});
}

TEST_CASE("a boot entry that does not end is named after 30 s, then every 60 s", "[pid1]") {
    Machine machine;
    machine(Begin{});
    for (int i = 0; i < 100; ++i) {
        CHECK(machine.deadline() == effects_of(Do::NameWaited, Arm{seconds(60)}));
        CHECK(machine.phase() == Phase::Sysinit);
    }
    CHECK(machine(WaitedEnded{}) == effects_of(RunNext{EntryClass::Sysinit}, Arm{seconds(30)}));
}

TEST_CASE("a request during sysinit acts at once", "[pid1]") {
    Facts facts = kPlain;
    facts.supervisor_runs = false;
    Machine machine(facts);
    machine(Begin{});
    CHECK(machine(Requested{Request::PowerOff}) ==
          effects_of(Do::ArmShutdownLimit, RunNext{EntryClass::Shutdown}, Arm{seconds(60)}));
    CHECK(machine(NoneLeft{}) == effects_of(Do::TerminateAll, Arm{seconds(5)}));
}

TEST_CASE("who asks may say how long processes have between TERM and KILL", "[pid1]") {
    Facts facts = kPlain;
    facts.supervisor_runs = false;
    facts.terminate_limit = seconds(60);
    Machine machine(facts);
    machine(Begin{});
    machine(Requested{Request::PowerOff});
    CHECK(machine(NoneLeft{}) == effects_of(Do::TerminateAll, Arm{seconds(60)}));
    CHECK(machine.deadline() == effects_of(Do::NameLeft, Do::KillAll, Arm{seconds(2)}));
}

TEST_CASE("a request at once asks no service and runs no shutdown entry", "[pid1]") {
    Machine machine = booted();
    CHECK(machine(Requested{Request::Halt, Pace::AtOnce}) ==
          effects_of(Do::ArmShutdownLimit, Do::AbandonWaited, Do::TerminateAll, Arm{seconds(5)}));
    CHECK(machine(NobodyLeft{}) == effects_of(Do::StartSync, Arm{seconds(30)}));
    CHECK(machine.request() == Request::Halt);
}

TEST_CASE("a request at once overtakes one in order, and weakens none", "[pid1]") {
    Machine machine = booted();
    machine(Requested{Request::PowerOff});
    REQUIRE(machine.phase() == Phase::StopSupervisor);
    CHECK(machine(Requested{Request::Reboot, Pace::AtOnce}) ==
          effects_of(Do::AbandonWaited, Do::TerminateAll, Arm{seconds(5)}));
    CHECK(machine.request() == Request::PowerOff);
    CHECK(machine(Requested{Request::Reboot, Pace::AtOnce}) == Effects{});
    CHECK(machine.phase() == Phase::Terminate);
}

TEST_CASE("the power fails while sysinit hangs", "[pid1]") {
    Machine machine(with(&Facts::has_power_fail_entry));
    machine(Begin{});
    CHECK(machine(PowerChanged{Power::Fails}) == effects_of(StartAll{EntryClass::PowerFail}));
    CHECK(machine.phase() == Phase::Sysinit);
    machine.facts().has_power_fail_entry = false;
    machine(PowerChanged{Power::Fails});
    CHECK(machine.request() == Request::PowerOff);
}

TEST_CASE("a whole shutdown in order", "[pid1]") {
    Machine machine = booted();
    CHECK(machine(Requested{Request::Reboot}) ==
          effects_of(Do::ArmShutdownLimit, Do::AskSupervisor, Arm{seconds(10)}));
    CHECK_FALSE(respawns(machine.state()));
    CHECK(machine(SupervisorEnded{}) ==
          effects_of(RunNext{EntryClass::Shutdown}, Arm{seconds(60)}));
    CHECK(machine(WaitedEnded{}) == effects_of(RunNext{EntryClass::Shutdown}, Arm{seconds(60)}));
    CHECK(machine(NoneLeft{}) == effects_of(Do::TerminateAll, Arm{seconds(5)}));
    CHECK(machine(NobodyLeft{}) == effects_of(Do::StartSync, Arm{seconds(30)}));
    CHECK(machine(WaitedEnded{}) == effects_of(Do::StartSwapOff, Arm{seconds(30)}));
    CHECK(machine(WaitedEnded{}) == effects_of(Do::StartUnmount, Arm{seconds(10)}));
    CHECK(machine(AllUnmounted{}) == effects_of(Do::Disarm, Do::EndSystem));
    CHECK(machine.phase() == Phase::Ended);
    CHECK(machine.request() == Request::Reboot);
}

TEST_CASE("a supervisor that says nothing for 10 s is left behind", "[pid1]") {
    Machine machine = booted();
    machine(Requested{Request::Reboot});
    CHECK(machine.deadline() ==
          effects_of(Do::NameLeft, RunNext{EntryClass::Shutdown}, Arm{seconds(60)}));
    CHECK(machine(SupervisorProgressed{}) == Effects{});
    CHECK(machine(SupervisorEnded{}) == Effects{});
}

TEST_CASE("a supervisor that announces progress has as long as it needs", "[pid1]") {
    Machine machine = booted();
    machine(Requested{Request::Reboot});
    for (int i = 0; i < 100; ++i) {
        const std::uint32_t former = machine.state().generation;
        CHECK(machine(SupervisorProgressed{}) == effects_of(Arm{seconds(10)}));
        CHECK(machine(DeadlinePassed{former}) == Effects{});
        CHECK(machine.phase() == Phase::StopSupervisor);
    }
    machine.deadline();
    CHECK(machine.phase() == Phase::ShutdownEntries);
}

TEST_CASE("a shutdown entry that hangs is abandoned, the next one runs", "[pid1]") {
    Machine machine = booted();
    machine(Requested{Request::Reboot});
    machine(SupervisorEnded{});
    CHECK(machine.deadline() == effects_of(Do::NameWaited, Do::AbandonWaited,
                                           RunNext{EntryClass::Shutdown}, Arm{seconds(60)}));
    CHECK(machine.phase() == Phase::ShutdownEntries);
    CHECK(machine(NoneLeft{}) == effects_of(Do::TerminateAll, Arm{seconds(5)}));
}

TEST_CASE("TERM, then KILL, then on without those that are left", "[pid1]") {
    Machine machine = booted().go_down(Request::Reboot);
    CHECK(machine.deadline() == effects_of(Do::NameLeft, Do::KillAll, Arm{seconds(2)}));
    CHECK(machine.phase() == Phase::Kill);
    SECTION("they die") {
        CHECK(machine(NobodyLeft{}) == effects_of(Do::StartSync, Arm{seconds(30)}));
    }
    SECTION("they do not") {
        CHECK(machine.deadline() == effects_of(Do::NameLeft, Do::StartSync, Arm{seconds(30)}));
        CHECK(machine(NobodyLeft{}) == Effects{});
    }
}

TEST_CASE("three rounds of unmounting, then the end", "[pid1]") {
    Machine machine = booted().go_down(Request::PowerOff);
    machine(NobodyLeft{});
    machine(WaitedEnded{});
    machine(WaitedEnded{});
    CHECK(machine.state().round == 1);
    SECTION("each ends with something left") {
        CHECK(machine(WaitedEnded{}) == effects_of(Do::StartUnmount, Arm{seconds(10)}));
        CHECK(machine.state().round == 2);
        CHECK(machine(WaitedEnded{}) == effects_of(Do::StartUnmount, Arm{seconds(10)}));
        CHECK(machine.state().round == 3);
        CHECK(machine(WaitedEnded{}) == effects_of(Do::Disarm, Do::EndSystem));
    }
    SECTION("each hangs") {
        const Effects next_round =
            effects_of(Do::NameWaited, Do::AbandonWaited, Do::StartUnmount, Arm{seconds(10)});
        CHECK(machine.deadline() == next_round);
        CHECK(machine.deadline() == next_round);
        CHECK(machine.deadline() ==
              effects_of(Do::NameWaited, Do::AbandonWaited, Do::Disarm, Do::EndSystem));
    }
    CHECK(machine.phase() == Phase::Ended);
}

TEST_CASE("a hung sync or swapoff is abandoned", "[pid1]") {
    Machine machine = booted().go_down(Request::Halt);
    machine(NobodyLeft{});
    CHECK(machine.deadline() ==
          effects_of(Do::NameWaited, Do::AbandonWaited, Do::StartSwapOff, Arm{seconds(30)}));
    CHECK(machine.deadline() ==
          effects_of(Do::NameWaited, Do::AbandonWaited, Do::StartUnmount, Arm{seconds(10)}));
}

TEST_CASE("in a container, disks and swap are the host's", "[pid1]") {
    Machine machine = booted(with(&Facts::in_container)).go_down(Request::PowerOff);
    SECTION("all obey TERM") {
        CHECK(machine(NobodyLeft{}) == effects_of(Do::Disarm, Do::EndSystem));
    }
    SECTION("somebody survives KILL") {
        machine.deadline();
        CHECK(machine.deadline() == effects_of(Do::NameLeft, Do::Disarm, Do::EndSystem));
    }
    CHECK(machine.phase() == Phase::Ended);
}

TEST_CASE("a restart leaves the disks mounted", "[pid1]") {
    Machine machine = booted(with(&Facts::has_restart_entry)).go_down(Request::Restart);
    CHECK(machine(NobodyLeft{}) == effects_of(Do::Disarm, Do::EndSystem));
    CHECK(machine.request() == Request::Restart);
}

TEST_CASE("a restart that became a reboot unmounts", "[pid1]") {
    Machine machine = booted(with(&Facts::has_restart_entry)).go_down(Request::Restart);
    machine(Requested{Request::Reboot});
    CHECK(machine(NobodyLeft{}) == effects_of(Do::StartSync, Arm{seconds(30)}));
}

TEST_CASE("a restart needs an entry", "[pid1]") {
    Machine machine = booted();
    const Pid1State before = machine.state();
    CHECK(machine(Requested{Request::Restart}) == Effects{});
    CHECK(machine.state() == before);
    machine.facts().has_restart_entry = true;
    machine(Requested{Request::Restart});
    CHECK(machine.phase() == Phase::StopSupervisor);
}

TEST_CASE("a stronger request overrides, a weaker one does not", "[pid1]") {
    constexpr std::array kByStrength{Request::None,   Request::Restart, Request::Kexec,
                                     Request::Reboot, Request::Halt,    Request::PowerOff};
    for (std::size_t first = 1; first < kByStrength.size(); ++first) {
        for (std::size_t second = 0; second < kByStrength.size(); ++second) {
            INFO(to_string(kByStrength[first]) << ", then " << to_string(kByStrength[second]));
            Machine machine = booted(with(&Facts::has_restart_entry)).go_down(kByStrength[first]);
            CHECK(machine(Requested{kByStrength[second]}) == Effects{});
            CHECK(machine.request() == kByStrength[std::max(first, second)]);
            CHECK(machine.phase() == Phase::Terminate);
        }
    }
}

TEST_CASE("asking for nothing does nothing", "[pid1]") {
    Machine machine = booted();
    CHECK(machine(Requested{Request::None}) == Effects{});
    CHECK(machine.phase() == Phase::Running);
}

TEST_CASE("ctrl-alt-del runs its entries and nothing more", "[pid1]") {
    Machine machine = booted(with(&Facts::has_ctrl_alt_del_entry));
    CHECK(machine(CtrlAltDel{kStart}) == effects_of(StartAll{EntryClass::CtrlAltDel}));
    CHECK(machine.phase() == Phase::Running);
    CHECK(machine.request() == Request::None);
}

TEST_CASE("ctrl-alt-del while the system goes down asks for a reboot", "[pid1]") {
    Facts facts = with(&Facts::has_ctrl_alt_del_entry);
    facts.has_restart_entry = true;
    Machine machine = booted(facts);
    machine(Requested{Request::Restart});
    CHECK(machine(CtrlAltDel{kStart}) == Effects{});
    CHECK(machine.request() == Request::Reboot);
    machine(Requested{Request::Halt});
    CHECK(machine(CtrlAltDel{kStart}) == Effects{});
    CHECK(machine.request() == Request::Halt);
}

TEST_CASE("seven presses within 2 s reset, within 3 s they do not", "[pid1]") {
    const bool entry = GENERATE(true, false);
    Machine machine = entry ? booted(with(&Facts::has_ctrl_alt_del_entry)) : booted();
    const auto press = [&](milliseconds at) { return machine(CtrlAltDel{kStart + at}); };
    const auto press_seven_within = [&](milliseconds all) {
        for (int i = 0; i < 6; ++i) {
            CHECK_FALSE(has(press(all / 6 * i), Do::ResetNow));
        }
        return press(all);
    };
    SECTION("2 s") {
        CHECK(press_seven_within(seconds(2)) == effects_of(Do::ResetNow));
        CHECK(machine.phase() == Phase::Ended);
    }
    SECTION("all at once") {
        CHECK(press_seven_within(milliseconds(0)) == effects_of(Do::ResetNow));
    }
    SECTION("a little more than 2 s") {
        CHECK_FALSE(has(press_seven_within(milliseconds(2001)), Do::ResetNow));
        CHECK(machine.phase() != Phase::Ended);
    }
    SECTION("3 s") {
        CHECK_FALSE(has(press_seven_within(seconds(3)), Do::ResetNow));
        CHECK(machine.phase() != Phase::Ended);
    }
    SECTION("slow ones before do not matter, the latest seven count") {
        for (int i = 0; i < 20; ++i) {
            CHECK_FALSE(has(press(seconds(i) - seconds(100)), Do::ResetNow));
        }
        CHECK(press_seven_within(seconds(2)) == effects_of(Do::ResetNow));
    }
    SECTION("a slow one never resets, however many there are") {
        for (int i = 0; i < 100; ++i) {
            CHECK_FALSE(has(press(milliseconds(334) * i), Do::ResetNow));
        }
    }
}

TEST_CASE("impatience resets whatever hangs", "[pid1]") {
    for (std::size_t i = 0; i < kPhaseCount; ++i) {
        INFO("phase: " << to_string(phase_of(i)));
        Pid1State state = typical(phase_of(i), 6);
        const Step after = step(state, CtrlAltDel{kStart}, kPlain);
        CHECK(has(after.effects, Do::ResetNow) == (phase_of(i) != Phase::Ended));
        CHECK(after.next.phase == Phase::Ended);
    }
}

TEST_CASE("once the system ends, no press resets it again", "[pid1]") {
    Machine machine = booted().go_down(Request::Reboot);
    machine(ShutdownLimitPassed{});
    for (int i = 0; i < 20; ++i) {
        CHECK(machine(CtrlAltDel{kStart}) == Effects{});
    }
    Machine impatient = booted();
    int resets = 0;
    for (int i = 0; i < 20; ++i) {
        resets += has(impatient(CtrlAltDel{kStart}), Do::ResetNow) ? 1 : 0;
    }
    CHECK(resets == 1);
}

TEST_CASE("a deadline that is late is ignored", "[pid1]") {
    Machine machine = booted();
    machine(Requested{Request::Reboot});
    const std::uint32_t of_supervisor = machine.state().generation;
    machine(SupervisorEnded{});
    const Pid1State before = machine.state();
    CHECK(machine(DeadlinePassed{of_supervisor}) == Effects{});
    CHECK(machine(DeadlinePassed{before.generation + 1}) == Effects{});
    CHECK(machine(DeadlinePassed{0}) == Effects{});
    CHECK(machine.state() == before);
}

TEST_CASE("the generation may wrap around", "[pid1]") {
    Pid1State state = typical(Phase::StopSupervisor, 0);
    state.generation = 0xffffffffU;
    const Step after = step(state, SupervisorProgressed{}, kPlain);
    CHECK(after.next.generation == 0);
    CHECK(step(after.next, DeadlinePassed{0xffffffffU}, kPlain).next == after.next);
}

TEST_CASE("the limit of the whole shutdown ends it, wherever it is", "[pid1]") {
    for (std::size_t i = 0; i < kPhaseCount; ++i) {
        INFO("phase: " << to_string(phase_of(i)));
        const Step after = step(typical(phase_of(i), 0), ShutdownLimitPassed{}, kPlain);
        const bool ends = is_going_down(phase_of(i)) && phase_of(i) != Phase::Ended;
        CHECK(has(after.effects, Do::EndSystem) == ends);
        CHECK((after.next.phase == Phase::Ended) == is_going_down(phase_of(i)));
    }
}

TEST_CASE("pausing stops respawning until it is resumed", "[pid1]") {
    Machine machine = booted();
    CHECK(machine(PauseAsked{}) == Effects{});
    CHECK_FALSE(respawns(machine.state()));
    CHECK(machine(PauseAsked{}) == Effects{});
    CHECK(machine(ResumeAsked{}) == effects_of(Do::ResumeRespawning));
    CHECK(respawns(machine.state()));
}

TEST_CASE("a pause during boot lets the boot go on, but starts no respawn entries", "[pid1]") {
    Machine machine;
    machine(Begin{});
    machine(PauseAsked{});
    machine(NoneLeft{});
    CHECK(machine(NoneLeft{}) == effects_of(Do::Disarm, StartAll{EntryClass::Once}));
    CHECK_FALSE(respawns(machine.state()));
    CHECK(machine(ResumeAsked{}) == effects_of(Do::ResumeRespawning));
    CHECK(respawns(machine.state()));
}

TEST_CASE("a reload asked for during boot is done once, at its end", "[pid1]") {
    Machine machine;
    machine(Begin{});
    CHECK(machine(ReloadAsked{}) == Effects{});
    CHECK(machine(ReloadAsked{}) == Effects{});
    machine(NoneLeft{});
    CHECK(machine(NoneLeft{}) ==
          effects_of(Do::Disarm, Do::Reload, StartAll{EntryClass::Once}, Do::ResumeRespawning));
    CHECK_FALSE(machine.state().reload_waits);
    CHECK(machine(ReloadAsked{}) == effects_of(Do::Reload));
}

TEST_CASE("a paused system goes down like any other", "[pid1]") {
    Machine machine = booted();
    machine(PauseAsked{});
    machine(Requested{Request::Reboot});
    CHECK(machine.phase() == Phase::StopSupervisor);
    CHECK(machine(ResumeAsked{}) == Effects{});
    CHECK_FALSE(respawns(machine.state()));
}

TEST_CASE("only the running phase respawns", "[pid1]") {
    for (std::size_t i = 0; i < kPhaseCount; ++i) {
        Pid1State state = typical(phase_of(i), 0);
        CHECK(respawns(state) == (phase_of(i) == Phase::Running));
        state.paused = true;
        CHECK_FALSE(respawns(state));
    }
}
