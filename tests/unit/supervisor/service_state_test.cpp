#include "supervisor/service_state.h"

#include <array>
#include <catch2/catch.hpp>
#include <initializer_list>
#include <string>
#include <vector>

#include "unit/supervisor/state_text.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

// A new event or effect needs its rows in the tables below.
static_assert(std::variant_size_v<Event> == 35);
static_assert(std::variant_size_v<Effect> == 12);

constexpr std::int32_t kPid = 100;
constexpr std::uint32_t kGeneration = 5;
constexpr std::uint32_t kTimer = 3;

const std::vector<ServiceState> kStates = {
    ServiceState::Down,   ServiceState::Waiting,  ServiceState::Starting,  ServiceState::Up,
    ServiceState::Ready,  ServiceState::Stopping, ServiceState::Finishing, ServiceState::Backoff,
    ServiceState::Failed, ServiceState::Done};

bool has_timer(ServiceState state) {
    return state == ServiceState::Starting || state == ServiceState::Up ||
           state == ServiceState::Stopping || state == ServiceState::Finishing ||
           state == ServiceState::Backoff;
}

/// A snapshot as it is in the middle of each state.
Snapshot typical(ServiceState state) {
    Snapshot s;
    s.state = state;
    s.wanted = state == ServiceState::Down ? Wanted::Down : Wanted::Up;
    s.generation = kGeneration;
    s.timer = kTimer;
    const bool has_process = state == ServiceState::Starting || state == ServiceState::Up ||
                             state == ServiceState::Ready || state == ServiceState::Stopping ||
                             state == ServiceState::Finishing;
    s.has_run = has_process && state != ServiceState::Finishing;
    s.pid = s.has_run ? kPid : 0;
    if (state == ServiceState::Finishing) {
        s.generation = kGeneration - 1;
        s.has_auxiliary = true;
        s.auxiliary = Role::Finish;
        s.auxiliary_generation = kGeneration;
        s.auxiliary_pid = kPid;
    }
    s.timer_armed = has_timer(state);
    if (state == ServiceState::Stopping) {
        s.wanted = Wanted::Down;
    }
    return s;
}

Exited exit_with(int code, Duration lived = 5s) {
    return {kGeneration, {ExitStatus::Kind::Exited, static_cast<std::uint8_t>(code), false}, lived};
}

/// As it is once the service was told to end: its dependents are down.
Step stopped(const Snapshot& from, const Event& verb, const Policy& policy = Policy{}) {
    return step(step(from, verb, policy).next, DependentsDown{}, policy);
}

std::vector<std::string> effects_of(const Step& made) {
    std::vector<std::string> all;
    for (const Effect& effect : made.effects) {
        all.push_back(words(effect));
    }
    return all;
}

using List = std::vector<std::string>;

}  // namespace

TEST_CASE("every verb acts from every state", "[service_state]") {
    struct Row {
        ServiceState from;
        ServiceState up, down, once, restart, retire;
    };
    using S = ServiceState;
    const std::array<Row, 10> table = {{
        {S::Down, S::Waiting, S::Down, S::Waiting, S::Waiting, S::Down},
        {S::Waiting, S::Waiting, S::Down, S::Waiting, S::Waiting, S::Down},
        {S::Starting, S::Starting, S::Stopping, S::Starting, S::Stopping, S::Stopping},
        {S::Up, S::Up, S::Stopping, S::Up, S::Stopping, S::Stopping},
        {S::Ready, S::Ready, S::Stopping, S::Ready, S::Stopping, S::Stopping},
        {S::Stopping, S::Stopping, S::Stopping, S::Stopping, S::Stopping, S::Stopping},
        {S::Finishing, S::Finishing, S::Finishing, S::Finishing, S::Finishing, S::Finishing},
        {S::Backoff, S::Waiting, S::Down, S::Waiting, S::Waiting, S::Down},
        {S::Failed, S::Waiting, S::Down, S::Waiting, S::Waiting, S::Down},
        {S::Done, S::Waiting, S::Down, S::Waiting, S::Waiting, S::Down},
    }};
    for (const Row& row : table) {
        const Snapshot before = typical(row.from);
        const Policy policy;
        INFO("from " << to_string(row.from));
        CHECK(step(before, WantUp{}, policy).next.state == row.up);
        CHECK(step(before, WantUp{}, policy).next.wanted == Wanted::Up);
        CHECK(step(before, WantDown{}, policy).next.state == row.down);
        CHECK(step(before, WantDown{}, policy).next.wanted == Wanted::Down);
        CHECK(step(before, WantOnce{}, policy).next.state == row.once);
        CHECK(step(before, WantOnce{}, policy).next.wanted == Wanted::Once);
        CHECK(step(before, Restart{}, policy).next.state == row.restart);
        CHECK(step(before, Restart{}, policy).next.wanted == Wanted::Up);
        CHECK(step(before, Retire{}, policy).next.state == row.retire);
        CHECK(step(before, Retire{}, policy).next.wanted == Wanted::Down);
        CHECK(step(before, Retire{}, policy).next.retired);
    }
}

TEST_CASE("a verb said twice is a verb said once", "[service_state]") {
    const std::initializer_list<Event> verbs = {WantUp{}, WantDown{}, WantOnce{}, Retire{}};
    for (const ServiceState state : kStates) {
        for (const Event& verb : verbs) {
            const Step once = step(typical(state), verb, Policy{});
            const Step twice = step(once.next, verb, Policy{});
            INFO("from " << to_string(state) << ", verb " << verb.index());
            CHECK(twice.next == once.next);
            // Whether there is anything to start along is found out again.
            const List effects = effects_of(twice);
            CHECK((effects.empty() || effects == List{"start its needs"}));
        }
    }
}

TEST_CASE("what concerns a former process or timer changes nothing", "[service_state]") {
    const std::initializer_list<Event> late = {
        Spawned{kGeneration - 1, 77},    SpawnFailed{kGeneration - 1},
        Executed{kGeneration - 1},       BecameReady{kGeneration - 1},
        Exited{kGeneration - 1, {}, 1s}, TimedOut{TimerKind::Stop, kTimer - 1}};
    for (const ServiceState state : kStates) {
        for (const Event& event : late) {
            const Step made = step(typical(state), event, Policy{});
            INFO("in " << to_string(state) << ", event " << event.index());
            CHECK(made.next == typical(state));
            CHECK(made.effects.empty());
            CHECK(made.ignored);
        }
    }
}

TEST_CASE("a start goes through waiting and starting to ready", "[service_state]") {
    Step made = step(Snapshot{}, WantUp{}, Policy{});
    CHECK(effects_of(made) == List{"start its needs", "check needs"});
    made = step(made.next, NeedsMet{}, Policy{});
    CHECK(made.next.state == ServiceState::Starting);
    CHECK(effects_of(made) == List{"arm the start timer", "spawn run"});
    made = step(made.next, Spawned{1, kPid}, Policy{});
    CHECK(made.next.pid == kPid);
    CHECK(made.next.state == ServiceState::Starting);
    made = step(made.next, Executed{1}, Policy{});
    CHECK(made.next.state == ServiceState::Ready);
    CHECK(effects_of(made) == List{"disarm the start timer"});
}

TEST_CASE("a service that says when it is ready is up before", "[service_state]") {
    Policy policy;
    policy.readiness = Readiness::Notify;
    Step made = step(typical(ServiceState::Starting), Executed{kGeneration}, policy);
    CHECK(made.next.state == ServiceState::Up);
    made = step(made.next, BecameReady{kGeneration}, policy);
    CHECK(made.next.state == ServiceState::Ready);
    SECTION("and ready at once where the message overtakes the exec") {
        made = step(typical(ServiceState::Starting), BecameReady{kGeneration}, policy);
        CHECK(made.next.state == ServiceState::Ready);
        CHECK(step(made.next, Executed{kGeneration}, policy).ignored);
    }
}

TEST_CASE("a stop while the process is being made waits for its outcome", "[service_state]") {
    Snapshot being_made = typical(ServiceState::Starting);
    being_made.pid = 0;
    Step made = step(being_made, WantDown{}, Policy{});
    CHECK(made.next.state == ServiceState::Starting);
    CHECK(made.effects.empty());
    SECTION("and stops what was made") {
        made = step(made.next, Spawned{kGeneration, kPid}, Policy{});
        CHECK(made.next.state == ServiceState::Stopping);
        CHECK(effects_of(made) == List{"disarm the start timer", "check dependents"});
    }
    SECTION("and is down where nothing was made") {
        made = step(made.next, SpawnFailed{kGeneration}, Policy{});
        CHECK(made.next.state == ServiceState::Down);
    }
    SECTION("and can be taken back") {
        made = step(made.next, WantUp{}, Policy{});
        made = step(made.next, Spawned{kGeneration, kPid}, Policy{});
        CHECK(made.next.state == ServiceState::Starting);
    }
}

TEST_CASE("who does not end is killed, with its group, again and again", "[service_state]") {
    Step made = stopped(typical(ServiceState::Ready), WantDown{});
    for (int i = 0; i < 3; ++i) {
        made = step(made.next, TimedOut{TimerKind::Stop, made.next.timer}, Policy{});
        CHECK(made.next.state == ServiceState::Stopping);
        CHECK(effects_of(made) == List{"arm the stop timer", "send KILL to the group"});
    }
    made = step(made.next, exit_with(0), Policy{});
    CHECK(made.next.state == ServiceState::Down);
    CHECK(effects_of(made) == List{"disarm the stop timer"});
}

TEST_CASE("a logger that retires reads to the end first", "[service_state]") {
    Policy policy;
    policy.drains_input = true;
    Step made = stopped(typical(ServiceState::Ready), Retire{}, policy);
    CHECK(effects_of(made) == List{"arm the stop timer", "close its input"});
    SECTION("and is down when it ended") {
        CHECK(step(made.next, exit_with(0), policy).next.state == ServiceState::Down);
    }
    SECTION("and gets TERM, then KILL, where it does not") {
        made = step(made.next, TimedOut{TimerKind::Stop, made.next.timer}, policy);
        CHECK(effects_of(made) == List{"arm the stop timer", "send TERM", "send CONT"});
        made = step(made.next, TimedOut{TimerKind::Stop, made.next.timer}, policy);
        CHECK(effects_of(made) == List{"arm the stop timer", "send KILL to the group"});
    }
    SECTION("but a plain down leaves its input open, for its next start") {
        made = stopped(typical(ServiceState::Ready), WantDown{}, policy);
        CHECK(effects_of(made) == List{"arm the stop timer", "send TERM", "send CONT"});
        made = step(made.next, Retire{}, policy);
        CHECK(effects_of(made) == List{"close its input"});
    }
}

TEST_CASE("runs that end early are restarted later and later", "[service_state]") {
    Snapshot s = typical(ServiceState::Ready);
    for (const Duration wait : {Duration(250ms), Duration(500ms), Duration(1s)}) {
        const Step died = step(s, Exited{s.generation, {}, 10ms}, Policy{});
        REQUIRE(died.next.state == ServiceState::Backoff);
        REQUIRE(died.effects.size() == 1);
        CHECK(std::get<Arm>(died.effects[0]).after == wait);
        Step next = step(died.next, TimedOut{TimerKind::Backoff, died.next.timer}, Policy{});
        CHECK(next.next.state == ServiceState::Waiting);
        next = step(next.next, NeedsMet{}, Policy{});
        next = step(next.next, Spawned{next.next.generation, kPid}, Policy{});
        s = step(next.next, Executed{next.next.generation}, Policy{}).next;
    }
    CHECK(s.restarts == 3);
    SECTION("and at once where a start is asked for by hand") {
        const Step died = step(s, Exited{s.generation, {}, 10ms}, Policy{});
        const Step up = step(died.next, WantUp{}, Policy{});
        CHECK(up.next.state == ServiceState::Waiting);
        CHECK(up.next.restarts == 0);
        CHECK(up.next.short_runs == 0);
        CHECK(effects_of(up) == List{"start its needs", "disarm the backoff timer", "check needs"});
    }
}

TEST_CASE("a failed exec is paced as a death is, and never given up", "[service_state]") {
    Snapshot s = typical(ServiceState::Starting);
    for (int i = 0; i < 100; ++i) {
        const Step failed = step(s, SpawnFailed{s.generation}, Policy{});
        REQUIRE(failed.next.state == ServiceState::Backoff);
        CHECK(std::get<Arm>(failed.effects[1]).after <= 30s);
        const Step due =
            step(failed.next, TimedOut{TimerKind::Backoff, failed.next.timer}, Policy{});
        s = step(due.next, NeedsMet{}, Policy{}).next;
    }
}

TEST_CASE("once: done after success, failed after anything else", "[service_state]") {
    Snapshot s = step(typical(ServiceState::Ready), WantOnce{}, Policy{}).next;
    CHECK(step(s, exit_with(0), Policy{}).next.state == ServiceState::Done);
    CHECK(step(s, exit_with(1), Policy{}).next.state == ServiceState::Failed);
    s.state = ServiceState::Starting;
    CHECK(step(s, SpawnFailed{kGeneration}, Policy{}).next.state == ServiceState::Failed);
}

TEST_CASE("finish runs after each run", "[service_state]") {
    Policy policy;
    policy.has_finish = true;
    Step made = step(typical(ServiceState::Ready), exit_with(1, 10ms), policy);
    CHECK(made.next.state == ServiceState::Finishing);
    CHECK(made.next.auxiliary_generation == kGeneration + 1);
    CHECK(effects_of(made) == List{"spawn finish", "arm the finish timer"});
    const Exited finished{kGeneration + 1, {}, 1ms};
    made = step(made.next, Spawned{kGeneration + 1, kPid + 1}, policy);
    SECTION("the pace is that of the run, not of finish") {
        made = step(made.next, finished, policy);
        CHECK(made.next.state == ServiceState::Backoff);
        CHECK(std::get<Arm>(made.effects[1]).after == 250ms);
        CHECK(made.next.last_exit.value == 1);
    }
    SECTION("125 says that it failed for good") {
        const ExitStatus for_good{ExitStatus::Kind::Exited, 125, false};
        CHECK(step(made.next, Exited{kGeneration + 1, for_good, 1ms}, policy).next.state ==
              ServiceState::Failed);
        made = step(made.next, Restart{}, policy);
        CHECK(step(made.next, Exited{kGeneration + 1, for_good, 1ms}, policy).next.state ==
              ServiceState::Waiting);
    }
    SECTION("one that hangs is killed") {
        made = step(made.next, TimedOut{TimerKind::Finish, made.next.timer}, policy);
        CHECK(effects_of(made) == List{"send KILL to the group", "arm the finish timer"});
    }
    SECTION("one that cannot be run is as if it had run") {
        CHECK(step(made.next, SpawnFailed{kGeneration + 1}, policy).next.state ==
              ServiceState::Backoff);
    }
    SECTION("a start asked for meanwhile is immediate") {
        made = step(made.next, WantUp{}, policy);
        made = step(made.next, finished, policy);
        CHECK(made.next.state == ServiceState::Waiting);
        CHECK(made.next.short_runs == 0);
    }
    SECTION("a down meanwhile is obeyed") {
        made = step(made.next, WantDown{}, policy);
        CHECK(step(made.next, finished, policy).next.state == ServiceState::Down);
    }
}

TEST_CASE("the last verb wins while it stops", "[service_state]") {
    Step made = stopped(typical(ServiceState::Ready), Restart{});
    CHECK(step(made.next, exit_with(0), Policy{}).next.state == ServiceState::Waiting);
    made = step(made.next, WantDown{}, Policy{});
    CHECK(step(made.next, exit_with(0), Policy{}).next.state == ServiceState::Down);
    made = step(made.next, WantOnce{}, Policy{});
    const Step again = step(made.next, exit_with(0), Policy{});
    CHECK(again.next.state == ServiceState::Waiting);
    CHECK(again.next.wanted == Wanted::Once);
}

TEST_CASE("signals go to a live process only, and STOP and CONT are remembered",
          "[service_state]") {
    for (const ServiceState state : kStates) {
        const Step made = step(typical(state), SendSignal{SIGHUP}, Policy{});
        const bool has_main = state == ServiceState::Starting || state == ServiceState::Up ||
                              state == ServiceState::Ready || state == ServiceState::Stopping;
        INFO("in " << to_string(state));
        CHECK(effects_of(made) == (has_main ? List{"send HUP"} : List{}));
        CHECK(made.ignored == !has_main);
    }
    const Step paused = step(typical(ServiceState::Ready), SendSignal{SIGSTOP}, Policy{});
    CHECK(paused.next.paused);
    CHECK_FALSE(step(paused.next, SendSignal{SIGCONT}, Policy{}).next.paused);
    CHECK_FALSE(stopped(paused.next, WantDown{}).next.paused);
    CHECK_FALSE(step(paused.next, exit_with(0), Policy{}).next.paused);
}

TEST_CASE("timers belong to their states", "[service_state]") {
    for (const ServiceState state : kStates) {
        const Step made = step(typical(state), TimedOut{timer_of(state), kTimer}, Policy{});
        INFO("in " << to_string(state));
        CHECK(made.ignored == !has_timer(state));
    }
}

TEST_CASE("a patient stop has no timeout, until somebody has less patience", "[service_state]") {
    const Policy policy;
    const Step told = stopped(typical(ServiceState::Ready), WantDown{Patience::Endless}, policy);
    CHECK(effects_of(told) == List{"send TERM", "send CONT"});
    CHECK(told.next.state == ServiceState::Stopping);
    CHECK_FALSE(told.next.timer_armed);
    // runsv tells it each time.
    const Step told_again = step(told.next, WantDown{Patience::Endless}, policy);
    CHECK(effects_of(told_again) == List{"send TERM", "send CONT"});
    CHECK_FALSE(told_again.next.timer_armed);
    for (const Event& verb : {Event(WantDown{}), Event(Retire{}), Event(GiveWay{})}) {
        const Step hurried = step(told.next, verb, policy);
        CHECK(effects_of(hurried) == List{"arm the stop timer"});
        CHECK(effects_of(step(hurried.next, verb, policy)) == List{});
    }
    // Who wants it up meanwhile, and down again, has what patience he says.
    const Step again = step(step(told.next, WantUp{}, policy).next, WantDown{}, policy);
    CHECK(again.next.timer_armed);
    // What has begun with a timeout goes on with it.
    const Step first = stopped(typical(ServiceState::Ready), WantDown{}, policy);
    CHECK(step(first.next, WantDown{Patience::Endless}, policy).next.timer_armed);
    // The next run knows nothing of it.
    const Step ended = step(told.next, exit_with(0), policy);
    CHECK_FALSE(ended.next.patient);
}
