#include "init/pid1_state.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "pid1_printing.h"

using namespace mainstay::init;  // NOLINT: every name of the machine under test
using mainstay::Duration;
using mainstay::MonotonicTime;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A new event or effect needs rows in table() below, and a thought about the random walks.
static_assert(std::variant_size_v<Event> == 16);
static_assert(std::variant_size_v<Effect> == 4);
static_assert(kPhaseCount == 12);

namespace {

constexpr Facts kPlain{.in_container = false,
                       .supervisor_runs = true,
                       .has_ctrl_alt_del_entry = false,
                       .has_power_fail_entry = false,
                       .has_restart_entry = false};

constexpr MonotonicTime kStart{std::chrono::hours(1)};

bool is_going_down(Phase phase) {
    return phase >= Phase::StopSupervisor;
}

template <typename... Each>
Effects effects_of(Each... each) {
    Effects effects;
    (static_cast<void>(effects.push_back(Effect{each})), ...);
    return effects;
}

bool has(const Effects& effects, const Effect& wanted) {
    return std::find(effects.begin(), effects.end(), wanted) != effects.end();
}

// ------------------------------------------------------------------------------------------------
// The table

/// An event together with what it depends on.
struct Stimulus {
    std::string name;
    Event event;
    Facts facts = kPlain;
    std::size_t presses = 0;  ///< of ctrl-alt-del just before
};

constexpr std::uint32_t kGeneration = 7;

Facts with(bool Facts::*fact) {
    Facts facts = kPlain;
    facts.*fact = true;
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
        {"ctrl-alt-del, with an entry", CtrlAltDel{kStart}, with(&Facts::has_ctrl_alt_del_entry)},
        {"ctrl-alt-del, without one", CtrlAltDel{kStart}},
        {"ctrl-alt-del, the seventh within 2 s", CtrlAltDel{kStart},
         with(&Facts::has_ctrl_alt_del_entry), 6},
        {"power fails, with an entry", PowerFails{}, with(&Facts::has_power_fail_entry)},
        {"power fails, without one", PowerFails{}},
        {"keyboard request", KeyboardRequest{}},
        {"reload asked", ReloadAsked{}},
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
    };
    return all;
}

/// The snapshot that stands for a phase in the table: a reboot was asked for where one must have
/// been, and the first round of unmounting is under way.
Pid1State typical(Phase phase, std::size_t presses) {
    Pid1State state;
    state.phase = phase;
    state.request = is_going_down(phase) ? Request::Reboot : Request::None;
    state.round = phase == Phase::Unmount ? 1 : 0;
    state.generation = kGeneration;
    for (std::size_t i = 0; i < presses; ++i) {
        (void)state.presses.push_back(kStart - seconds(1));
    }
    return state;
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

/// The rows of the phases before the system goes down, but for those of one phase only.
std::vector<Row> while_up(std::vector<Row> own) {
    const std::vector<Row> common{
        {"requested: reboot", "stop-supervisor, request reboot", kStopSupervisor},
        {"requested: reboot, no supervisor runs", "shutdown-entries, request reboot",
         kFirstShutdownEntry},
        {"requested: poweroff", "stop-supervisor, request poweroff", kStopSupervisor},
        {"requested: restart, with an entry", "stop-supervisor, request restart", kStopSupervisor},
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

/// The rows of the phases in which the system goes down.
std::vector<Row> going_down(std::vector<Row> own) {
    const std::vector<Row> common{
        {"requested: poweroff", "request poweroff", ""},
        {"ctrl-alt-del, the seventh within 2 s", "ended", "reset now"},
        {"power fails, with an entry", "request poweroff", ""},
        {"power fails, without one", "request poweroff", ""},
        {"pause asked", "paused", ""},
        {"shutdown limit passed", "ended", "name who is left, disarm, end the system"},
    };
    own.insert(own.end(), common.begin(), common.end());
    return own;
}

const std::array<std::vector<Row>, kPhaseCount>& table() {
    static const std::array<std::vector<Row>, kPhaseCount> phases{
        // New
        while_up({{"begin", "sysinit", "run the next sysinit entry, arm 30 s"},
                  {"reload asked", "a reload waits", ""}}),
        // Sysinit
        while_up({{"waited ended", "", "run the next sysinit entry, arm 30 s"},
                  {"none left", "wait", "run the next wait entry, arm 30 s"},
                  {"reload asked", "a reload waits", ""},
                  {"deadline passed", "", "name who is waited for, arm 60 s"}}),
        // Wait
        while_up({{"waited ended", "", "run the next wait entry, arm 30 s"},
                  {"none left", "running", "disarm, start all once entries, resume respawning"},
                  {"reload asked", "a reload waits", ""},
                  {"deadline passed", "", "name who is waited for, arm 60 s"}}),
        // Running
        while_up({{"reload asked", "", "reload"}, {"resume asked", "", "resume respawning"}}),
        // StopSupervisor
        going_down(
            {{"supervisor progressed", "", "arm 10 s"},
             {"supervisor ended", "shutdown-entries", "run the next shutdown entry, arm 60 s"},
             {"deadline passed", "shutdown-entries",
              "name who is left, run the next shutdown entry, arm 60 s"}}),
        // ShutdownEntries
        going_down({{"waited ended", "", "run the next shutdown entry, arm 60 s"},
                    {"none left", "terminate", "terminate all, arm 5 s"},
                    {"deadline passed", "",
                     "name who is waited for, abandon who is waited for, run the next shutdown "
                     "entry, arm 60 s"}}),
        // Terminate
        going_down({{"nobody left", "sync", "sync, arm 30 s"},
                    {"nobody left, in a container", "ended", kEnd},
                    {"deadline passed", "kill", "name who is left, kill all, arm 2 s"}}),
        // Kill
        going_down({{"nobody left", "sync", "sync, arm 30 s"},
                    {"nobody left, in a container", "ended", kEnd},
                    {"deadline passed", "sync", "name who is left, sync, arm 30 s"}}),
        // Sync
        going_down({{"waited ended", "swapoff", "swapoff, arm 30 s"},
                    {"deadline passed", "swapoff",
                     "name who is waited for, abandon who is waited for, swapoff, arm 30 s"}}),
        // SwapOff
        going_down({{"waited ended", "unmount, round 1", "unmount, arm 10 s"},
                    {"deadline passed", "unmount, round 1",
                     "name who is waited for, abandon who is waited for, unmount, arm 10 s"}}),
        // Unmount
        going_down({{"waited ended", "round 2", "unmount, arm 10 s"},
                    {"all unmounted", "ended", kEnd},
                    {"deadline passed", "round 2",
                     "name who is waited for, abandon who is waited for, unmount, arm 10 s"}}),
        // Ended
        {{"pause asked", "paused", ""}},
    };
    return phases;
}

Phase phase_of(std::size_t i) {
    return static_cast<Phase>(i);
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
    };
    return "## " + std::string(to_string(phase)) + "\n\n" +
           kMeanings[static_cast<std::size_t>(phase)] + ".\n\n";
}

/// The table as the machine fills it in now, not as the test expects it.
std::string print_table() {
    std::ostringstream text;
    text << "# What PID 1 does next\n\n"
            "Printed by tests/unit/init/pid1_state_test.cpp from init/pid1_state; written again "
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

// ------------------------------------------------------------------------------------------------
// Scenarios

/// A machine that is led by hand.
class Machine {
  public:
    Machine() = default;
    explicit Machine(const Facts& facts) : facts_(facts) {}

    const Effects& operator()(const Event& event) {
        const Step after = step(state_, event, facts_);
        state_ = after.next;
        effects_ = after.effects;
        return effects_;
    }

    /// The armed deadline passes.
    const Effects& deadline() { return (*this)(DeadlinePassed{state_.generation}); }

    Phase phase() const { return state_.phase; }
    Request request() const { return state_.request; }
    const Pid1State& state() const { return state_; }
    Facts& facts() { return facts_; }

    /// Boots until everything runs.
    Machine& boot() {
        (*this)(Begin{});
        (*this)(NoneLeft{});
        (*this)(NoneLeft{});
        return *this;
    }

    /// Goes down until TERM is sent.
    Machine& go_down(Request wanted) {
        (*this)(Requested{wanted});
        (*this)(SupervisorEnded{});
        (*this)(NoneLeft{});
        return *this;
    }

  private:
    Pid1State state_;
    Facts facts_ = kPlain;
    Effects effects_;
};

Machine booted(const Facts& facts = kPlain) {
    return Machine(facts).boot();
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

TEST_CASE("the power fails while sysinit hangs", "[pid1]") {
    Machine machine(with(&Facts::has_power_fail_entry));
    machine(Begin{});
    CHECK(machine(PowerFails{}) == effects_of(StartAll{EntryClass::PowerFail}));
    CHECK(machine.phase() == Phase::Sysinit);
    machine.facts().has_power_fail_entry = false;
    machine(PowerFails{});
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

// ------------------------------------------------------------------------------------------------
// Random walks

namespace {

/// Small and the same everywhere: a failing walk can be walked again (splitmix64).
class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint32_t below(std::uint32_t limit) {
        state_ += 0x9e3779b97f4a7c15U;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return static_cast<std::uint32_t>((z ^ (z >> 31U)) >> 32U) % limit;
    }
    bool flip() { return below(2) == 0; }

  private:
    std::uint64_t state_;
};

/// One life of a PID 1 under events in any order, with what must hold after each.
class Walk {
  public:
    explicit Walk(std::uint64_t seed) : seed_(seed), random_(seed) {
        facts_.in_container = random_.below(4) == 0;
    }

    const Pid1State& state() const { return state_; }

    void take_random_step() {
        facts_.supervisor_runs = random_.flip();
        facts_.has_ctrl_alt_del_entry = random_.flip();
        facts_.has_power_fail_entry = random_.below(4) != 0;
        facts_.has_restart_entry = random_.flip();
        now_ += milliseconds(random_.below(500));
        take(random_event());
    }

    /// From here, a request and then nothing but deadlines must lead to the end.
    void check_deadlines_lead_to_the_end() {
        Pid1State state = step(state_, Requested{Request::PowerOff}, facts_).next;
        std::uint32_t entries_left = random_.below(6);
        const std::uint32_t most_steps = entries_left + 12;
        bool none_left = false;
        for (std::uint32_t i = 0; state.phase != Phase::Ended; ++i) {
            if (i == most_steps) {
                fail("deadlines alone do not end the shutdown");
            }
            const Step after = none_left ? step(state, NoneLeft{}, facts_)
                                         : step(state, DeadlinePassed{state.generation}, facts_);
            state = after.next;
            none_left = false;
            if (has(after.effects, RunNext{EntryClass::Shutdown})) {
                none_left = entries_left == 0;
                entries_left -= none_left ? 0 : 1;
            }
        }
        const Pid1State asked = step(state_, Requested{Request::PowerOff}, facts_).next;
        if (step(asked, ShutdownLimitPassed{}, facts_).next.phase != Phase::Ended) {
            fail("the limit of the whole shutdown does not end it");
        }
    }

  private:
    Event random_event() {
        // Boots are short, so that many walks get beyond them; requests are rare, so that not all
        // walks go down at once.
        switch (random_.below(24)) {
            case 0:
                return Begin{};
            case 1:
            case 2:
            case 3:
                return WaitedEnded{};
            case 4:
            case 5:
                return NoneLeft{};
            case 6:
                return random_.below(3) == 0 ? Event{Requested{random_request()}}
                                             : Event{WaitedEnded{}};
            case 7:
                return CtrlAltDel{now_};
            case 8:
                return PowerFails{};
            case 9:
                return KeyboardRequest{};
            case 10:
                return ReloadAsked{};
            case 11:
                return PauseAsked{};
            case 12:
                return ResumeAsked{};
            case 13:
                return SupervisorProgressed{};
            case 14:
                return SupervisorEnded{};
            case 15:
                return NobodyLeft{};
            case 16:
                return random_.below(4) == 0 ? Event{AllUnmounted{}} : Event{WaitedEnded{}};
            case 17:
                return DeadlinePassed{state_.generation - 1 - random_.below(3)};
            case 18:
                return random_.below(20) == 0 ? Event{ShutdownLimitPassed{}} : Event{Begin{}};
            default:
                return armed_ ? Event{DeadlinePassed{state_.generation}} : Event{Begin{}};
        }
    }

    Request random_request() { return static_cast<Request>(random_.below(6)); }

    void take(const Event& event) {
        before_ = state_;
        event_ = event;
        trail_.push_back(event);
        if (trail_.size() > 20) {
            trail_.pop_front();
        }
        const auto* deadline = std::get_if<DeadlinePassed>(&event);
        if (deadline != nullptr && deadline->generation == state_.generation) {
            armed_ = false;
        }
        const Step after = step(state_, event, facts_);
        state_ = after.next;
        effects_ = after.effects;
        for (const Effect& effect : effects_) {
            perform(effect);
        }
        check_state();
    }

    void perform(const Effect& effect) {
        if (std::holds_alternative<Arm>(effect)) {
            armed_ = true;
            armed_generation_ = state_.generation;
            check(std::get<Arm>(effect).after > Duration::zero(), "a deadline at once");
        } else if (const auto* run = std::get_if<RunNext>(&effect)) {
            const bool goes_down = run->entry_class == EntryClass::Shutdown;
            check(goes_down == is_going_down(state_.phase), "an entry of another phase");
        } else if (std::holds_alternative<StartAll>(effect)) {
            check(!is_going_down(state_.phase), "entries are started while the system goes down");
        } else {
            perform(std::get<Do>(effect));
        }
    }

    void perform(Do effect) {
        switch (effect) {
            case Do::Disarm:
                armed_ = false;
                break;
            case Do::ArmShutdownLimit:
                check(++limits_ == 1, "the limit of the shutdown is armed a second time");
                break;
            case Do::AskSupervisor:
                check(++asked_ == 1, "the supervisor is asked a second time");
                break;
            case Do::Reload:
            case Do::ResumeRespawning:
                check(!is_going_down(state_.phase), "work for a system that is up");
                break;
            case Do::TerminateAll:
                check(++terminated_ == 1, "TERM a second time");
                break;
            case Do::KillAll:
                check(++killed_ == 1 && terminated_ == 1, "KILL before TERM, or twice");
                break;
            case Do::StartSync:
            case Do::StartSwapOff:
                check_disks();
                break;
            case Do::StartUnmount:
                check_disks();
                check(++unmounts_ <= kUnmountRounds, "too many rounds of unmounting");
                break;
            case Do::EndSystem:
                check(state_.request != Request::None, "an end that nobody asked for");
                ++endings_;
                break;
            case Do::ResetNow:
                is_reset_ = true;
                ++endings_;
                break;
            case Do::NameWaited:
            case Do::NameLeft:
            case Do::AbandonWaited:
                break;
        }
    }

    void check_disks() {
        check(!facts_.in_container, "the disks of a container");
        check(state_.request != Request::Restart, "the disks at a restart");
        check(terminated_ == 1, "the disks before the processes");
    }

    void check_state() {
        const Phase phase = state_.phase;
        check(phase >= before_.phase, "the phase went backwards");
        check(state_.request >= before_.request, "the request became weaker");
        check(effects_.size() < Effects::capacity(), "the effects are full");
        check(!is_going_down(phase) || state_.request != Request::None || is_reset_,
              "the system goes down, and nobody asked");
        check((phase == Phase::Ended) == (endings_ == 1) && endings_ <= 1,
              "the system ends other than once");
        check(before_.phase != Phase::Ended || effects_.empty(), "an effect after the end");
        const bool needs_deadline = phase == Phase::Sysinit || phase == Phase::Wait ||
                                    (is_going_down(phase) && phase != Phase::Ended);
        check(!needs_deadline || armed_, "nothing is armed while something is waited for");
        check(needs_deadline || !armed_ || is_reset_, "a deadline while nothing is waited for");
        check(!armed_ || armed_generation_ == state_.generation,
              "the armed deadline would be taken for late");
        check(!respawns(state_) || (phase == Phase::Running && !state_.paused), "respawning");
    }

    void check(bool holds, const char* what) {
        if (!holds) {
            fail(what);
        }
    }

    void fail(const char* what) {
        std::string trail;
        for (const Event& event : trail_) {
            trail.append("\n  ").append(text_of(event));
        }
        FAIL(what << "\nseed " << seed_ << "\nbefore {" << text_of(before_) << "}\nafter {"
                  << text_of(state_) << "}\neffects {" << text_of(effects_)
                  << "}\nthe latest events:" << trail);
    }

    std::uint64_t seed_;
    Random random_;
    Facts facts_;
    Pid1State state_;
    Pid1State before_;
    Event event_;
    Effects effects_;
    std::deque<Event> trail_;
    MonotonicTime now_ = kStart;
    bool armed_ = false;
    bool is_reset_ = false;
    std::uint32_t armed_generation_ = 0;
    int limits_ = 0;
    int asked_ = 0;
    int terminated_ = 0;
    int killed_ = 0;
    int unmounts_ = 0;
    int endings_ = 0;
};

}  // namespace

TEST_CASE("a million random steps keep what must hold", "[pid1]") {
    constexpr int kSteps = 1'000'000;
    std::array<int, kPhaseCount> visits{};
    int steps = 0;
    for (std::uint64_t seed = 1; steps < kSteps; ++seed) {
        Walk walk(seed);
        int after_end = 0;
        while (steps < kSteps && after_end < 8) {
            walk.take_random_step();
            ++steps;
            ++visits[static_cast<std::size_t>(walk.state().phase)];
            after_end += walk.state().phase == Phase::Ended ? 1 : 0;
            if (steps % 16 == 0) {
                walk.check_deadlines_lead_to_the_end();
            }
        }
    }
    for (std::size_t i = 0; i < kPhaseCount; ++i) {
        INFO("visits of " << to_string(phase_of(i)));
        CHECK(visits[i] > 1000);
    }
}
