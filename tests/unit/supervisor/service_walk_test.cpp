/// A service's state machine against a small model of the world, a million random steps long.
#include <catch2/catch.hpp>
#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "supervisor/service_state.h"
#include "unit/supervisor/state_text.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

/// What exists outside the state machine: at most one process, at most one timer.
class World {
  public:
    explicit World(std::uint32_t seed) : random_(seed) {
        policy_.has_finish = pick(2) == 0;
        policy_.drains_input = pick(4) == 0;
        policy_.readiness = pick(2) == 0 ? Readiness::Exec : Readiness::Notify;
    }

    const Snapshot& snapshot() const { return s_; }
    const std::string& violation() const { return violation_; }

    void random_step() {
        switch (pick(10)) {
            case 0:
            case 1:
                return verb();
            case 2:
                return stale();
            default:
                return world_event();
        }
    }

    void take(const Event& event) {
        const Snapshot before = s_;
        const Step made = step(s_, event, policy_);
        s_ = made.next;
        for (const Effect& effect : made.effects) {
            std::visit([this](const auto& e) { perform(e); }, effect);
        }
        if (made.ignored && !(before == s_)) {
            complain("an ignored event changed something");
        }
        check();
    }

    /// Lets the world go on, with no verb, until nothing more would happen.
    bool settle_down() {
        take(WantDown{});
        for (int i = 0; i < 100 && s_.state != ServiceState::Down; ++i) {
            world_event();
        }
        return s_.state == ServiceState::Down;
    }

  private:
    struct Process {
        std::uint32_t generation;
        Role role;
        std::int32_t pid;
        bool executed = false;
    };

    std::uint32_t pick(std::uint32_t below) {
        return static_cast<std::uint32_t>(random_()) % below;
    }

    void verb() {
        switch (pick(7)) {
            case 0:
                return take(WantUp{});
            case 1:
                return take(WantDown{});
            case 2:
                return take(WantOnce{});
            case 3:
                return take(Restart{});
            case 4:
                return take(Retire{});
            case 5:
                return take(SendSignal{SIGSTOP});
            default:
                return take(SendSignal{SIGHUP});
        }
    }

    /// Late news of processes and timers that are no more.
    void stale() {
        const std::uint32_t generation = s_.generation - 1 - pick(3);
        switch (pick(6)) {
            case 0:
                return take(Spawned{generation, 4242});
            case 1:
                return take(SpawnFailed{generation});
            case 2:
                return take(Executed{generation});
            case 3:
                return take(BecameReady{generation});
            case 4:
                return take(Exited{generation, {}, 1s});
            default:
                return take(TimedOut{static_cast<TimerKind>(pick(3)), s_.timer - 1 - pick(3)});
        }
    }

    void world_event() {
        if (asked_for_needs_) {
            asked_for_needs_ = false;
            return take(NeedsMet{});
        }
        if (requested_) {
            return birth();
        }
        if (process_ && pick(3) != 0) {
            return life();
        }
        if (timer_) {
            const Arm due = *timer_;
            timer_.reset();
            return take(TimedOut{due.kind, due.timer});
        }
        if (process_) {
            life();
        }
    }

    void birth() {
        const Spawn spawn = *requested_;
        requested_.reset();
        if (pick(8) == 0) {
            return take(SpawnFailed{spawn.generation});
        }
        process_ = Process{spawn.generation, spawn.role, ++last_pid_};
        take(Spawned{spawn.generation, last_pid_});
    }

    void life() {
        if (!process_->executed && pick(2) == 0) {
            process_->executed = true;
            return take(Executed{process_->generation});
        }
        const Process process = *process_;
        if (process.executed && pick(3) == 0) {
            return take(BecameReady{process.generation});
        }
        if (s_.state == ServiceState::Ready && pick(4) != 0) {
            return;  // lives on
        }
        process_.reset();
        if (!process.executed && pick(2) == 0) {
            return take(SpawnFailed{process.generation});
        }
        const auto code = static_cast<std::uint8_t>(pick(4) == 0 ? 125 : pick(2));
        take(Exited{process.generation,
                    {ExitStatus::Kind::Exited, code, false},
                    std::chrono::milliseconds(pick(40000))});
    }

    void perform(const CheckNeeds& /*unused*/) { asked_for_needs_ = true; }
    void perform(const Spawn& e) {
        if (process_ || requested_) {
            complain("a second process");
        }
        requested_ = e;
    }
    void perform(const Kill& e) {
        if (!process_ || process_->pid != e.pid) {
            complain("a signal to nobody, or to somebody else");
        }
    }
    void perform(const CloseInput& /*unused*/) {
        if (!policy_.drains_input) {
            complain("closed the input of no logger");
        }
    }
    void perform(const Arm& e) { timer_ = e; }
    void perform(const Disarm& e) {
        if (timer_ && (timer_->timer != e.timer || timer_->kind != e.kind)) {
            complain("disarmed another timer");
        }
        timer_.reset();
    }

    std::optional<TimerKind> timer_that_state_needs() const {
        switch (s_.state) {
            case ServiceState::Stopping:
                return TimerKind::Stop;
            case ServiceState::Finishing:
                return TimerKind::Finish;
            case ServiceState::Backoff:
                return TimerKind::Backoff;
            case ServiceState::Down:
            case ServiceState::Waiting:
            case ServiceState::Starting:
            case ServiceState::Up:
            case ServiceState::Ready:
            case ServiceState::Failed:
            case ServiceState::Done:
                return std::nullopt;
        }
        return std::nullopt;
    }

    void check() {
        const auto needed = timer_that_state_needs();
        if (needed.has_value() != timer_.has_value() || (timer_ && timer_->kind != *needed) ||
            s_.timer_armed != timer_.has_value()) {
            complain("a timer that the state does not have, or none where it has one");
        }
        if (s_.pid != (process_ ? process_->pid : 0)) {
            complain("the snapshot knows another pid");
        }
        const bool may_have_process = needed == TimerKind::Stop || needed == TimerKind::Finish ||
                                      s_.state == ServiceState::Starting || is_running(s_.state);
        if ((process_ || requested_) && !may_have_process) {
            complain("a process in a state that has none");
        }
        if (is_running(s_.state) && !process_) {
            complain("running without a process");
        }
        if (s_.wanted == Wanted::Down &&
            (s_.state == ServiceState::Waiting || s_.state == ServiceState::Backoff)) {
            complain("on its way up, though not wanted");
        }
        if (s_.wanted == Wanted::Down && s_.pid != 0 &&
            (is_running(s_.state) || s_.state == ServiceState::Starting)) {
            complain("left running, though not wanted");
        }
    }

    void complain(const char* what) {
        if (violation_.empty()) {
            violation_ = std::string(what) + ": " + words(s_);
        }
    }

    std::mt19937 random_;
    Policy policy_;
    Snapshot s_;
    std::optional<Process> process_;
    std::optional<Spawn> requested_;
    std::optional<Arm> timer_;
    bool asked_for_needs_ = false;
    std::int32_t last_pid_ = 0;
    std::string violation_;
};

}  // namespace

TEST_CASE("a million random steps break no invariant, and wanted-down always reaches down",
          "[service_state][walk]") {
    constexpr std::uint32_t kWalks = 1000;
    constexpr int kSteps = 1000;
    for (std::uint32_t seed = 0; seed < kWalks; ++seed) {
        World world(seed);
        for (int i = 0; i < kSteps && world.violation().empty(); ++i) {
            world.random_step();
        }
        const bool came_down = world.settle_down();
        INFO("seed " << seed << ", " << words(world.snapshot()));
        REQUIRE(world.violation() == "");
        REQUIRE(came_down);
    }
}
