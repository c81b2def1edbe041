/// The table of phases and events, which is docs/pid1-states.md as well.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "init/pid1_state.h"
#include "pid1_fixture.h"
#include "pid1_printing.h"

using namespace mainstay::init;  // NOLINT: every name of the machine under test
using std::chrono::seconds;

// A new event or effect needs rows in table() below, and a thought about the random walks.
static_assert(std::variant_size_v<Event> == 21);
static_assert(std::variant_size_v<Effect> == 4);
static_assert(kPhaseCount == 13);

namespace {

/// An event together with what it depends on.
struct Stimulus {
    std::string name;
    Event event;
    Facts facts = kPlain;
    std::size_t presses = 0;  ///< of ctrl-alt-del just before
};

Facts by_level(bool Facts::*level) {
    Facts facts = with_levels();
    facts.has_halt_level = facts.has_reboot_level = false;
    facts.*level = true;
    return facts;
}

Facts without_supervisor() {
    Facts facts = kPlain;
    facts.supervisor_runs = false;
    return facts;
}

const std::vector<Stimulus>& stimuli() {
    static const std::vector<Stimulus> all{
        {"begin", Begin{}},
        {"waited ended", WaitedEnded{}},
        {"none left", NoneLeft{}},
        {"requested: reboot", Requested{Request::Reboot}},
        {"requested: reboot, no supervisor runs", Requested{Request::Reboot}, without_supervisor()},
        {"requested: poweroff", Requested{Request::PowerOff}},
        {"requested: restart, with an entry", Requested{Request::Restart},
         with(&Facts::has_restart_entry)},
        {"requested: restart, without one", Requested{Request::Restart}},
        {"requested: reboot, with runlevel 6", Requested{Request::Reboot},
         by_level(&Facts::has_reboot_level)},
        {"requested: poweroff, with runlevel 0", Requested{Request::PowerOff},
         by_level(&Facts::has_halt_level)},
        {"runlevel 2 asked", LevelAsked{'2', kLevelPatience}, with_levels()},
        {"runlevel 2 asked, of a file without", LevelAsked{'2', kLevelPatience}},
        {"runlevel 0 asked, of a file without", LevelAsked{'0', kLevelPatience}},
        {"old runlevel gone", OldLevelGone{}, with_levels()},
        {"demand asked", DemandAsked{}, with_levels()},
        {"requested at once: poweroff", Requested{Request::PowerOff, Pace::AtOnce}},
        {"ctrl-alt-del, with an entry", CtrlAltDel{kStart}, with(&Facts::has_ctrl_alt_del_entry)},
        {"ctrl-alt-del, without one", CtrlAltDel{kStart}},
        {"ctrl-alt-del, the seventh within 2 s", CtrlAltDel{kStart},
         with(&Facts::has_ctrl_alt_del_entry), 6},
        {"power fails, with an entry", PowerChanged{Power::Fails},
         with(&Facts::has_power_fail_entry)},
        {"power fails, without one", PowerChanged{Power::Fails}},
        {"power is low, with an entry", PowerChanged{Power::IsLow},
         with(&Facts::has_power_low_entry)},
        {"power is low, without one", PowerChanged{Power::IsLow}},
        {"power is back", PowerChanged{Power::IsBack}},
        {"keyboard request", KeyboardRequest{}},
        {"reload asked", ReloadAsked{}},
        {"reload asked, with runlevels", ReloadAsked{}, with_levels()},
        {"pause asked", PauseAsked{}},
        {"resume asked", ResumeAsked{}},
        {"supervisor progressed", SupervisorProgressed{}},
        {"supervisor ended", SupervisorEnded{}},
        {"nobody left", NobodyLeft{}},
        {"nobody left, in a container", NobodyLeft{}, with(&Facts::in_container)},
        {"all unmounted", AllUnmounted{}},
        {"deadline passed", DeadlinePassed{kGeneration}},
        {"late deadline passed", DeadlinePassed{kGeneration - 1}},
        {"shutdown limit passed", ShutdownLimitPassed{}},
        {"recovered", Recovered{}},
        {"recovered, a process is waited for", Recovered{}, with(&Facts::waits_for_process)},
        {"recovered, no supervisor runs", Recovered{}, without_supervisor()},
    };
    return all;
}

/// What changed in the snapshot, in words.
std::string change_of(const Pid1State& before, const Pid1State& after) {
    std::vector<std::string> changes;
    if (after.phase != before.phase) {
        changes.emplace_back(to_string(after.phase));
    }
    if (after.request != before.request) {
        changes.push_back("request " + std::string(to_string(after.request)));
    }
    if (after.paused != before.paused) {
        changes.emplace_back(after.paused ? "paused" : "not paused");
    }
    if (after.reload_waits != before.reload_waits) {
        changes.emplace_back(after.reload_waits ? "a reload waits" : "no reload waits");
    }
    if (after.round != before.round) {
        changes.push_back("round " + std::to_string(after.round));
    }
    if (after.level.current != before.level.current) {
        changes.push_back(std::string("runlevel ") + after.level.current);
    }
    if (after.level.kills && !before.level.kills) {
        changes.emplace_back("kills");
    }
    if (after.level.then != before.level.then) {
        changes.push_back("then " + std::string(to_string(after.level.then)));
    }
    std::string text;
    for (const std::string& change : changes) {
        text.append(text.empty() ? "" : ", ").append(change);
    }
    return text;
}

/// What a stimulus does in a phase. What a phase does not list, it ignores.
struct Row {
    std::string stimulus;
    std::string becomes;
    std::string does;
};

constexpr const char* kStopSupervisor = "arm the shutdown limit, ask the supervisor, arm 10 s";
constexpr const char* kFirstShutdownEntry =
    "arm the shutdown limit, run the next shutdown entry, arm 60 s";
constexpr const char* kEnd = "disarm, end the system";
constexpr const char* kTerminateAtOnce = "abandon who is waited for, terminate all, arm 5 s";

constexpr const char* kLeaveLevel = "announce the level, end what is not in the level, arm 3 s";
constexpr const char* kFirstEntry = "run the first wait entry, arm 30 s";

/// What changes the runlevel: before the boot has begun there is none.
std::vector<Row> level_rows(Phase phase) {
    if (phase == Phase::New) {
        return {{"requested: reboot, with runlevel 6", "stop-supervisor, request reboot",
                 kStopSupervisor},
                {"requested: poweroff, with runlevel 0", "stop-supervisor, request poweroff",
                 kStopSupervisor}};
    }
    const std::string change = phase == Phase::ChangeLevel ? "" : "change-level, ";
    return {
        {"requested: reboot, with runlevel 6", change + "runlevel 6, then reboot", kLeaveLevel},
        {"requested: poweroff, with runlevel 0", change + "runlevel 0, then poweroff", kLeaveLevel},
        {"runlevel 2 asked", change + "runlevel 2", kLeaveLevel}};
}

/// The rows of the phases before the system goes down, but for those of one phase only.
std::vector<Row> while_up(std::vector<Row> own, Phase phase = Phase::Running) {
    const std::vector<Row> levels = level_rows(phase);
    own.insert(own.end(), levels.begin(), levels.end());
    const std::vector<Row> common{
        {"requested: reboot", "stop-supervisor, request reboot", kStopSupervisor},
        {"requested: reboot, no supervisor runs", "shutdown-entries, request reboot",
         kFirstShutdownEntry},
        {"requested: poweroff", "stop-supervisor, request poweroff", kStopSupervisor},
        {"requested: restart, with an entry", "stop-supervisor, request restart", kStopSupervisor},
        {"runlevel 0 asked, of a file without", "stop-supervisor, request poweroff",
         kStopSupervisor},
        {"power is low, with an entry", "", "start all powerfailnow entries"},
        {"power is low, without one", "stop-supervisor, request poweroff", kStopSupervisor},
        {"power is back", "", "start all powerokwait entries"},
        {"requested at once: poweroff", "terminate, request poweroff",
         std::string("arm the shutdown limit, ") + kTerminateAtOnce},
        {"ctrl-alt-del, with an entry", "", "start all ctrlaltdel entries"},
        {"ctrl-alt-del, without one", "stop-supervisor, request reboot", kStopSupervisor},
        {"ctrl-alt-del, the seventh within 2 s", "ended", "reset now"},
        {"power fails, with an entry", "", "start all powerfail entries"},
        {"power fails, without one", "stop-supervisor, request poweroff", kStopSupervisor},
        {"keyboard request", "", "start all kbrequest entries"},
        {"pause asked", "paused", ""},
    };
    own.insert(own.end(), common.begin(), common.end());
    return own;
}

/// The rows of the phases in which the system goes down. @p asked: services or shutdown entries are
/// still being asked.
std::vector<Row> going_down(std::vector<Row> own, bool asked = false) {
    const std::vector<Row> common{
        {"requested: poweroff", "request poweroff", ""},
        {"requested: poweroff, with runlevel 0", "request poweroff", ""},
        {"runlevel 0 asked, of a file without", "request poweroff", ""},
        {"power is low, with an entry", "request poweroff", ""},
        {"power is low, without one", "request poweroff", ""},
        {"requested at once: poweroff", asked ? "terminate, request poweroff" : "request poweroff",
         asked ? kTerminateAtOnce : ""},
        {"ctrl-alt-del, the seventh within 2 s", "ended", "reset now"},
        {"power fails, with an entry", "request poweroff", ""},
        {"power fails, without one", "request poweroff", ""},
        {"pause asked", "paused", ""},
        {"shutdown limit passed", "ended", "name who is left, disarm, end the system"},
    };
    own.insert(own.end(), common.begin(), common.end());
    return own;
}

/// What PID 1 does after a fault of its own; the same three times unless a row says otherwise.
std::vector<Row> recovering(std::vector<Row> own, const std::string& becomes,
                            const std::string& does, const std::string& while_waiting = "") {
    own.push_back({"recovered", becomes, does});
    const bool same = while_waiting.empty();
    own.push_back(
        {"recovered, a process is waited for", same ? becomes : "", same ? does : while_waiting});
    own.push_back({"recovered, no supervisor runs", becomes, does});
    return own;
}

const std::array<std::vector<Row>, kPhaseCount>& table() {
    static const std::array<std::vector<Row>, kPhaseCount> phases{
        // New
        recovering(while_up({{"begin", "sysinit", "run the next sysinit entry, arm 30 s"},
                             {"reload asked", "a reload waits", ""},
                             {"reload asked, with runlevels", "a reload waits", ""}},
                            Phase::New),
                   "sysinit", "run the next sysinit entry, arm 30 s"),
        // Sysinit
        recovering(while_up({{"waited ended", "", "run the next sysinit entry, arm 30 s"},
                             {"none left", "wait", "run the next wait entry, arm 30 s"},
                             {"reload asked", "a reload waits", ""},
                             {"reload asked, with runlevels", "a reload waits", ""},
                             {"deadline passed", "", "name who is waited for, arm 60 s"}}),
                   "", "run the next sysinit entry, arm 30 s", "arm 30 s"),
        // Wait
        recovering(
            while_up({{"waited ended", "", "run the next wait entry, arm 30 s"},
                      {"none left", "running", "disarm, start all once entries, resume respawning"},
                      {"reload asked", "a reload waits", ""},
                      {"reload asked, with runlevels", "a reload waits", ""},
                      {"deadline passed", "", "name who is waited for, arm 60 s"}}),
            "", "run the next wait entry, arm 30 s", "arm 30 s"),
        // Running
        recovering(while_up({{"reload asked", "", "reload"},
                             {"resume asked", "", "resume respawning"},
                             {"reload asked, with runlevels", "wait",
                              std::string("reload, ") + kFirstEntry},
                             {"demand asked", "wait", kFirstEntry}}),
                   "", "disarm, start all once entries, resume respawning"),
        // StopSupervisor
        going_down(
            {{"supervisor progressed", "", "arm 10 s"},
             {"supervisor ended", "shutdown-entries", "run the next shutdown entry, arm 60 s"},
             {"deadline passed", "shutdown-entries",
              "name who is left, run the next shutdown entry, arm 60 s"},
             {"recovered", "", "ask the supervisor, arm 10 s"},
             {"recovered, a process is waited for", "", "ask the supervisor, arm 10 s"},
             {"recovered, no supervisor runs", "shutdown-entries",
              "run the next shutdown entry, arm 60 s"}},
            true),
        // ShutdownEntries
        recovering(
            going_down({{"waited ended", "", "run the next shutdown entry, arm 60 s"},
                        {"none left", "terminate", "terminate all, arm 5 s"},
                        {"deadline passed", "",
                         "name who is waited for, abandon who is waited for, run the next shutdown "
                         "entry, arm 60 s"}},
                       true),
            "", "run the next shutdown entry, arm 60 s", "arm 60 s"),
        // Terminate
        recovering(going_down({{"nobody left", "sync", "sync, arm 30 s"},
                               {"nobody left, in a container", "ended", kEnd},
                               {"deadline passed", "kill", "name who is left, kill all, arm 2 s"}}),
                   "", "terminate all, arm 5 s"),
        // Kill
        recovering(going_down({{"nobody left", "sync", "sync, arm 30 s"},
                               {"nobody left, in a container", "ended", kEnd},
                               {"deadline passed", "sync", "name who is left, sync, arm 30 s"}}),
                   "", "kill all, arm 2 s"),
        // Sync
        recovering(
            going_down({{"waited ended", "swapoff", "swapoff, arm 30 s"},
                        {"deadline passed", "swapoff",
                         "name who is waited for, abandon who is waited for, swapoff, arm 30 s"}}),
            "", "sync, arm 30 s", "arm 30 s"),
        // SwapOff
        recovering(
            going_down({{"waited ended", "unmount, round 1", "unmount, arm 10 s"},
                        {"deadline passed", "unmount, round 1",
                         "name who is waited for, abandon who is waited for, unmount, arm 10 s"}}),
            "", "swapoff, arm 30 s", "arm 30 s"),
        // Unmount
        recovering(
            going_down({{"waited ended", "round 2", "unmount, arm 10 s"},
                        {"all unmounted", "ended", kEnd},
                        {"deadline passed", "round 2",
                         "name who is waited for, abandon who is waited for, unmount, arm 10 s"}}),
            "round 2", "unmount, arm 10 s", "arm 10 s"),
        // Ended
        recovering({{"pause asked", "paused", ""}}, "", kEnd),
        // ChangeLevel
        recovering(while_up({{"old runlevel gone", "wait", kFirstEntry},
                             {"reload asked", "a reload waits", ""},
                             {"reload asked, with runlevels", "a reload waits", ""},
                             {"deadline passed", "kills",
                              "name what is not in the level, kill what is not in the level, "
                              "arm 2 s"}},
                            Phase::ChangeLevel),
                   "", "end what is not in the level, arm 3 s"),
    };
    return phases;
}

std::string heading_of(Phase phase) {
    constexpr std::array<const char*, kPhaseCount> kMeanings{
        "nothing happened yet",
        "sysinit entries and native steps, one after the other",
        "wait entries, one after the other",
        "the system is up; once and respawn entries run",
        "the supervisor stops its services, in order",
        "shutdown entries, one after the other",
        "everybody got TERM",
        "everybody left got KILL",
        "a helper syncs",
        "a helper turns swap off",
        "helpers unmount, in up to three rounds",
        "reboot(2), exit, or exec of the restart entry is under way",
        "what is not in the new runlevel ends; then come its entries",
    };
    return "## " + std::string(to_string(phase)) + "\n\n" +
           kMeanings[static_cast<std::size_t>(phase)] + ".\n\n";
}

/// The table as the machine fills it in now, not as the test expects it.
std::string print_table() {
    std::ostringstream text;
    text << "# What PID 1 does next\n\n"
            "Printed by tests/unit/init/pid1_table_test.cpp from init/pid1_state; written again "
            "by running\n`MAINSTAY_UPDATE_DOCS=1 build/dev/bin/init_tests`. A test fails when it "
            "is out of date.\n\n"
            "The supervisor runs, and a reboot was asked for where the system goes down, unless a "
            "row says\notherwise. \"Arm\" sets the one deadline; each new one replaces the one "
            "before, which is then late.\n";
    for (std::size_t i = 0; i < kPhaseCount; ++i) {
        std::ostringstream rows;
        std::string ignored;
        for (const Stimulus& stimulus : stimuli()) {
            const Pid1State before = typical(phase_of(i), stimulus.presses);
            const Step after = step(before, stimulus.event, stimulus.facts);
            const std::string becomes = change_of(before, after.next);
            const std::string does = text_of(after.effects);
            if (becomes.empty() && does.empty()) {
                ignored.append(ignored.empty() ? "" : "; ").append(stimulus.name);
            } else {
                rows << "| " << stimulus.name << " | " << becomes << " | " << does << " |\n";
            }
        }
        text << "\n"
             << heading_of(phase_of(i)) << "| event | becomes | does |\n|---|---|---|\n"
             << rows.str() << "\nIgnored: " << ignored << ".\n";
    }
    return text.str();
}

std::string read_file(const std::string& path) {
    const std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace

TEST_CASE("every phase and request has a word of its own", "[pid1]") {
    std::set<std::string> words;
    for (std::size_t i = 0; i < kPhaseCount; ++i) {
        words.emplace(to_string(phase_of(i)));
    }
    CHECK(words.size() == kPhaseCount);
    CHECK(words.count("") == 0);
    words.clear();
    for (const Request request : {Request::None, Request::Restart, Request::Kexec, Request::Reboot,
                                  Request::Halt, Request::PowerOff}) {
        words.emplace(to_string(request));
    }
    CHECK(words.size() == 6);
}

TEST_CASE("the table of phases and events", "[pid1]") {
    for (std::size_t i = 0; i < kPhaseCount; ++i) {
        const std::vector<Row>& rows = table()[i];
        INFO("phase: " << to_string(phase_of(i)));
        std::size_t used = 0;
        for (const Stimulus& stimulus : stimuli()) {
            INFO("event: " << stimulus.name);
            const Pid1State before = typical(phase_of(i), stimulus.presses);
            const Step after = step(before, stimulus.event, stimulus.facts);
            const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& each) {
                return each.stimulus == stimulus.name;
            });
            if (row == rows.end()) {
                Pid1State same = before;
                same.presses = after.next.presses;
                CHECK(after.next == same);
                CHECK(after.effects == Effects{});
                continue;
            }
            ++used;
            CHECK(change_of(before, after.next) == row->becomes);
            CHECK(text_of(after.effects) == row->does);
        }
        CHECK(used == rows.size());
    }
}

TEST_CASE("the deadline's generation changes when it is armed or disarmed, and only then",
          "[pid1]") {
    for (std::size_t i = 0; i < kPhaseCount; ++i) {
        for (const Stimulus& stimulus : stimuli()) {
            INFO("phase: " << to_string(phase_of(i)) << ", event: " << stimulus.name);
            const Pid1State before = typical(phase_of(i), stimulus.presses);
            const Step after = step(before, stimulus.event, stimulus.facts);
            const auto touches =
                std::count_if(after.effects.begin(), after.effects.end(), [](const Effect& effect) {
                    return std::holds_alternative<Arm>(effect) || effect == Effect{Do::Disarm};
                });
            CHECK(touches <= 1);
            CHECK(after.next.generation - before.generation == static_cast<std::uint32_t>(touches));
        }
    }
}

TEST_CASE("docs/pid1-states.md shows the table as it is", "[pid1]") {
    const std::string path = std::string(MAINSTAY_SOURCE_DIR) + "/docs/pid1-states.md";
    const char* const update = std::getenv("MAINSTAY_UPDATE_DOCS");
    if (update != nullptr && std::string(update) == "1") {
        std::ofstream(path) << print_table();
    }
    INFO("to write it again: MAINSTAY_UPDATE_DOCS=1 build/dev/bin/init_tests");
    CHECK(read_file(path) == print_table());
}
