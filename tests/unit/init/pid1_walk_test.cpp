/// Random walks through PID 1's state machine, with what must hold after each step.
#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <string>

#include "init/pid1_state.h"
#include "pid1_fixture.h"
#include "pid1_printing.h"

using namespace mainstay::init;  // NOLINT: every name of the machine under test
using mainstay::Duration;
using mainstay::MonotonicTime;
using std::chrono::milliseconds;
using std::chrono::seconds;

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
        if (random_.flip()) {
            constexpr std::string_view kLevels = "23S";
            facts_.default_level = kLevels[random_.below(3)];
            facts_.first_level = kLevels[random_.below(3)];
            facts_.has_halt_level = random_.flip();
            facts_.has_reboot_level = random_.flip();
        }
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
        const std::uint32_t most_steps = entries_left + 16;
        bool none_left = false;
        for (std::uint32_t i = 0; state.phase != Phase::Ended; ++i) {
            if (i == most_steps) {
                fail("deadlines alone do not end the shutdown");
            }
            // The entries of level 0 have no deadline: they end by themselves.
            none_left = none_left || state.phase == Phase::Wait;
            const Step after = state.phase == Phase::Running ? step(state, LevelThrough{}, facts_)
                               : none_left                   ? step(state, NoneLeft{}, facts_)
                                           : step(state, DeadlinePassed{state.generation}, facts_);
            state = after.next;
            none_left = false;
            if (has(after.effects, RunNext{EntryClass::Shutdown})) {
                none_left = entries_left == 0;
                entries_left -= none_left ? 0 : 1;
            }
        }
        // Once for the scripts of level 0, and once more for at once.
        const Pid1State first = step(state_, Requested{Request::PowerOff}, facts_).next;
        const Pid1State asked = step(first, Requested{Request::PowerOff}, facts_).next;
        if (step(asked, ShutdownLimitPassed{}, facts_).next.phase != Phase::Ended) {
            fail("the limit of the whole shutdown does not end it");
        }
    }

    /// Wherever PID 1 fails, it goes on from there: never back, with a deadline where it waits, and
    /// with the request that it had.
    void check_recovery() {
        facts_.waits_for_process = random_.flip();
        const Step after = step(state_, Recovered{}, facts_);
        const Phase phase = after.next.phase;
        const bool is_armed =
            std::any_of(after.effects.begin(), after.effects.end(),
                        [](const Effect& effect) { return std::holds_alternative<Arm>(effect); });
        check(rank(phase) >= rank(state_.phase), "recovered into an earlier phase");
        check(after.next.level.current == state_.level.current || state_.phase == Phase::New,
              "recovered in another level");
        check(after.next.request == state_.request, "recovered with another request");
        check(is_armed == needs_deadline(phase), "recovered with no deadline, or one for nothing");
        check(after.effects.size() < Effects::capacity(), "the effects are full");
    }

  private:
    /// How far a phase is; before the shutdown levels come and go.
    static int rank(Phase phase) {
        const bool changes = phase == Phase::ChangeLevel;
        return changes ? static_cast<int>(Phase::Wait) : static_cast<int>(phase);
    }

    static bool needs_deadline(Phase phase) {
        return phase == Phase::Sysinit || phase == Phase::Wait || phase == Phase::ChangeLevel ||
               (is_going_down(phase) && phase != Phase::Ended);
    }

    Event random_event() {
        // Boots are short, so that many walks get beyond them; requests are rare, so that not all
        // walks go down at once.
        switch (random_.below(30)) {
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
                return random_.below(3) == 0 ? Event{Requested{random_request(), random_pace()}}
                                             : Event{WaitedEnded{}};
            case 7:
                return CtrlAltDel{now_};
            case 8:
                return PowerChanged{static_cast<Power>(random_.below(3))};
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
            case 19:
                return LevelAsked{"0236S"[random_.below(40) == 0 ? 0 : 1 + random_.below(2)],
                                  seconds(random_.below(3))};
            case 20:
            case 21:
                return OldLevelGone{};
            case 22:
                return random_.below(8) == 0 ? Event{LevelThrough{}} : Event{OldLevelGone{}};
            case 23:
                return DemandAsked{};
            case 24:
                return random_.below(8) == 0 ? Event{LevelAsked{'S', seconds(3)}} : Event{Begin{}};
            default:
                return armed_ ? Event{DeadlinePassed{state_.generation}} : Event{Begin{}};
        }
    }

    Pace random_pace() { return random_.below(4) == 0 ? Pace::AtOnce : Pace::InOrder; }
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
            case Do::RecordBoot:
            case Do::AnnounceLevel:
            case Do::LeaveLevel:
            case Do::KillLevel:
            case Do::NameLeavers:
                check(facts_.default_level != '\0', "a level where there is none");
                check(!is_going_down(state_.phase), "a level while the system goes down");
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
        check(rank(phase) >= rank(before_.phase) ||
                  (facts_.default_level != '\0' && before_.phase == Phase::Running &&
                   rank(phase) == rank(Phase::Wait)),
              "the phase went backwards");
        check(facts_.default_level != '\0' || state_.level == Runlevel{}, "a level without levels");
        check(state_.request >= before_.request, "the request became weaker");
        check(effects_.size() < Effects::capacity(), "the effects are full");
        check(!is_going_down(phase) || state_.request != Request::None || is_reset_,
              "the system goes down, and nobody asked");
        check((phase == Phase::Ended) == (endings_ == 1) && endings_ <= 1,
              "the system ends other than once");
        check(before_.phase != Phase::Ended || effects_.empty(), "an effect after the end");
        check(!needs_deadline(phase) || armed_, "nothing is armed while something is waited for");
        check(needs_deadline(phase) || !armed_ || is_reset_,
              "a deadline while nothing is waited for");
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
                walk.check_recovery();
            }
        }
    }
    for (std::size_t i = 0; i < kPhaseCount; ++i) {
        INFO("visits of " << to_string(phase_of(i)));
        CHECK(visits[i] > 1000);
    }
}
