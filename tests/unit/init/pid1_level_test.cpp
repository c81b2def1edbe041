/// sysvinit's runlevels, scene by scene.
#include <catch2/catch.hpp>

#include "init/pid1_state.h"
#include "pid1_fixture.h"
#include "pid1_printing.h"

using namespace mainstay::init;  // NOLINT: every name of the machine under test
using std::chrono::seconds;

namespace {

const RunNext kFirst{EntryClass::Wait, true};

char level(const Machine& machine) {
    return machine.state().level.current;
}

/// Through sysinit, boot and the first level.
Machine in_level_3() {
    Machine machine(with_levels());
    machine(Begin{});
    for (int i = 0; i < 3; ++i) {
        machine(NoneLeft{});
    }
    return machine;
}

}  // namespace

TEST_CASE("a boot with runlevels", "[pid1][levels]") {
    Machine machine(with_levels());
    machine(Begin{});
    CHECK(level(machine) == '#');
    CHECK(shown_level(machine.state().level) == 'S');
    CHECK(machine(NoneLeft{}) == effects_of(Do::RecordBoot, kFirst, Arm{seconds(30)}));
    CHECK(level(machine) == '*');
    CHECK(machine(NoneLeft{}) == effects_of(Do::AnnounceLevel, kFirst, Arm{seconds(30)}));
    CHECK(level(machine) == '3');
    CHECK(machine.state().level.previous == 'N');
    CHECK(machine(NoneLeft{}) ==
          effects_of(Do::Disarm, StartAll{EntryClass::Once}, Do::ResumeRespawning));
    CHECK(machine.phase() == Phase::Running);
}

TEST_CASE("another level ends what is not in it first", "[pid1][levels]") {
    Machine machine = in_level_3();
    CHECK(machine(LevelAsked{'3', seconds(5)}) == Effects{});
    CHECK(machine(LevelAsked{'2', seconds(5)}) ==
          effects_of(Do::AnnounceLevel, Do::LeaveLevel, Arm{seconds(5)}));
    CHECK(machine.phase() == Phase::ChangeLevel);
    CHECK(machine.state().level.previous == '3');
    CHECK_FALSE(respawns(machine.state()));
    CHECK(machine(OldLevelGone{}) == effects_of(kFirst, Arm{seconds(30)}));
    machine(NoneLeft{});
    CHECK(machine.phase() == Phase::Running);
    CHECK(machine(OldLevelGone{}) == Effects{});
}

TEST_CASE("who does not end is killed, and then not waited for for ever", "[pid1][levels]") {
    Machine machine = in_level_3();
    machine(LevelAsked{'2', seconds(0)});
    CHECK(machine.deadline() == effects_of(Do::NameLeavers, Do::KillLevel, Arm{kKillLimit}));
    CHECK(machine.deadline() == effects_of(Do::NameLeavers, kFirst, Arm{seconds(30)}));
    CHECK(machine.phase() == Phase::Wait);
}

TEST_CASE("a supervisor that is not in the level has as long as it works", "[pid1][levels]") {
    Machine machine = in_level_3();
    machine.facts().supervisor_leaves = true;
    machine(LevelAsked{'1', seconds(3)});
    CHECK(machine(SupervisorProgressed{}) == Effects{});
    machine.deadline();
    CHECK(machine(SupervisorProgressed{}) == effects_of(Arm{kSupervisorSilence}));
    CHECK(machine(OldLevelGone{}) == effects_of(kFirst, Arm{seconds(30)}));
}

TEST_CASE("a level may change before it was reached", "[pid1][levels]") {
    Machine machine(with_levels());
    CHECK(machine(LevelAsked{'2', seconds(3)}) == Effects{});
    machine(Begin{});
    machine(LevelAsked{'2', seconds(3)});
    CHECK(machine.phase() == Phase::ChangeLevel);
    machine(LevelAsked{'4', seconds(3)});
    CHECK(level(machine) == '4');
    CHECK(machine.state().level.previous == '2');
    machine(OldLevelGone{});
    machine(LevelAsked{'5', seconds(3)});
    CHECK(machine.phase() == Phase::ChangeLevel);
}

TEST_CASE("the single-user shell is left", "[pid1][levels]") {
    SECTION("at boot: the boot goes on, in the level of the file") {
        Facts facts = with_levels();
        facts.first_level = 'S';
        Machine machine(facts);
        machine(Begin{});
        CHECK(machine(NoneLeft{}) ==
              effects_of(Do::RecordBoot, Do::AnnounceLevel, kFirst, Arm{seconds(30)}));
        CHECK(level(machine) == 'S');
        machine(NoneLeft{});
        CHECK(machine(LevelThrough{}) == effects_of(kFirst, Arm{seconds(30)}));
        CHECK(level(machine) == '*');
        machine(NoneLeft{});
        CHECK(level(machine) == '3');
    }
    SECTION("later: the level of the file comes at once") {
        Machine machine = in_level_3();
        machine(LevelAsked{'S', seconds(3)});
        machine(OldLevelGone{});
        machine(NoneLeft{});
        CHECK(machine(LevelThrough{}) == effects_of(Do::AnnounceLevel, kFirst, Arm{seconds(30)}));
        CHECK(level(machine) == '3');
        CHECK(machine.state().level.previous == 'S');
    }
    SECTION("that is the single-user level: it comes again") {
        Facts facts = with_levels();
        facts.first_level = facts.default_level = 'S';
        Machine machine(facts);
        machine(Begin{});
        machine(NoneLeft{});
        machine(NoneLeft{});
        machine(LevelThrough{});
        CHECK(level(machine) == 'S');
        CHECK(machine.phase() == Phase::Wait);
    }
}

TEST_CASE("levels 0 and 6 end with the end of the system", "[pid1][levels]") {
    struct End {
        char level;
        bool halts;
        Request request;
    };
    const End end = GENERATE(End{'0', false, Request::PowerOff}, End{'0', true, Request::Halt},
                             End{'6', false, Request::Reboot}, End{'6', true, Request::Reboot});
    Machine machine = in_level_3();
    machine.facts().halts = end.halts;
    machine(LevelAsked{end.level, seconds(3)});
    machine(OldLevelGone{});
    machine(NoneLeft{});
    CHECK(machine.request() == Request::None);
    CHECK(has(machine(LevelThrough{}), Do::AskSupervisor));
    CHECK(machine.request() == end.request);
    CHECK(machine.state().level.current == end.level);
}

TEST_CASE("in levels 0 and 6 nothing is started again", "[pid1][levels]") {
    for (const char ending : {'0', '6'}) {
        Machine machine = in_level_3();
        machine(LevelAsked{ending, seconds(3)});
        machine(OldLevelGone{});
        CHECK(machine(NoneLeft{}) == effects_of(Do::Disarm, StartAll{EntryClass::Once}));
        CHECK_FALSE(respawns(machine.state()));
        CHECK(machine(ResumeAsked{}) == Effects{});
    }
}

TEST_CASE("a request goes through its level, and the second one not", "[pid1][levels]") {
    Machine machine = in_level_3();
    CHECK(machine(Requested{Request::Kexec}) ==
          effects_of(Do::AnnounceLevel, Do::LeaveLevel, Arm{kLevelPatience}));
    CHECK(level(machine) == '6');
    SECTION("its entries are through") {
        machine(OldLevelGone{});
        machine(NoneLeft{});
        machine(LevelThrough{});
        CHECK(machine.request() == Request::Kexec);
    }
    SECTION("somebody asks again, in whichever phase") {
        machine(Requested{Request::Restart});
        CHECK(machine.request() == Request::None);  // there is no such entry
        machine(Requested{Request::PowerOff});
        CHECK(machine.request() == Request::PowerOff);
        CHECK(machine.phase() == Phase::StopSupervisor);
    }
    SECTION("a weaker one does not take its place") {
        Machine halting = in_level_3();
        halting(Requested{Request::PowerOff});
        halting(Requested{Request::Reboot});
        CHECK(halting.request() == Request::PowerOff);
    }
}

TEST_CASE("without entries for its level a request acts at once", "[pid1][levels]") {
    Machine machine = in_level_3();
    machine.facts().has_reboot_level = false;
    machine(Requested{Request::Reboot});
    CHECK(machine.phase() == Phase::StopSupervisor);
}

TEST_CASE("what a new file has to wait for is waited for", "[pid1][levels]") {
    Machine machine = in_level_3();
    CHECK(machine(ReloadAsked{}) == effects_of(Do::Reload, kFirst, Arm{seconds(30)}));
    CHECK(machine(ReloadAsked{}) == Effects{});
    CHECK(machine(NoneLeft{}) == effects_of(Do::Reload, kFirst, Arm{seconds(30)}));
    machine(NoneLeft{});
    CHECK(machine.phase() == Phase::Running);
}

TEST_CASE("power that is back or low has entries of its own", "[pid1][levels]") {
    Machine machine = in_level_3();
    CHECK(machine(PowerChanged{Power::IsBack}) == effects_of(StartAll{EntryClass::PowerOk}));
    machine.facts().has_power_low_entry = true;
    CHECK(machine(PowerChanged{Power::IsLow}) == effects_of(StartAll{EntryClass::PowerLow}));
}
