/// A service's state machine against a small model of the world, a million random steps long.
#include <catch2/catch.hpp>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "supervisor/service_state.h"
#include "unit/supervisor/state_text.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

/// What exists outside the state machine: at most a run and an auxiliary process, and their timers.
class World {
  public:
    explicit World(std::uint32_t seed) : random_(seed) {
        policy_.on_demand = pick(4) == 0;
        policy_.has_finish = pick(2) == 0;
        policy_.drains_input = pick(4) == 0;
        policy_.readiness = pick(2) == 0 ? Readiness::Exec : Readiness::Notify;
        policy_.has_setup = pick(3) == 0;
        policy_.has_stop_program = pick(3) == 0;
        policy_.type = pick(4) == 0 ? ServiceType::Oneshot : ServiceType::Longrun;
        policy_.on_demand = policy_.on_demand && policy_.type == ServiceType::Longrun;
        policy_.restart = static_cast<RestartPolicy>(pick(3));
        policy_.on_failure = pick(3) == 0 ? FailureAction::Exec : FailureAction::None;
        policy_.restart_limit_count = pick(3);
        policy_.start_timeout = pick(3) == 0 ? kForever : Duration(60s);
        policy_.watchdog_timeout = pick(3) == 0 ? Duration(20s) : kForever;
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
        may_have_any_time_ = false;
        take(WantDown{});
        for (int i = 0; i < 200 && s_.state != ServiceState::Down; ++i) {
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
        const std::vector<Event> verbs = {WantUp{},
                                          WantDown{},
                                          WantOnce{},
                                          Restart{},
                                          TryRestart{},
                                          Retire{},
                                          SendSignal{SIGSTOP},
                                          Reset{},
                                          Reload{0},
                                          Reload{SIGHUP},
                                          SendSignal{SIGHUP},
                                          StartAlong{},
                                          GiveWay{},
                                          HoldBack{},
                                          Unblock{},
                                          SendSignal{SIGCONT},
                                          Block{},
                                          WantDown{Patience::Endless},
                                          Retire{Patience::Endless}};
        const std::uint32_t picked = pick(static_cast<std::uint32_t>(verbs.size()));
        const bool is_patient = picked + 2 >= verbs.size();
        const bool is_impatient = picked == 1 || picked == 5 || picked == 12;
        may_have_any_time_ = is_patient || (may_have_any_time_ && !is_impatient);
        take(verbs[picked]);
    }

    /// Late news of processes and timers that are no more.
    void stale() {
        const std::uint32_t generation =
            std::min(s_.generation, s_.auxiliary_generation) - 1 - pick(3);
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
                return take(TimedOut{static_cast<TimerKind>(pick(5)), s_.timer - 1 - pick(3)});
        }
    }

    void world_event() {
        if (s_.listening && !s_.has_auxiliary && pick(2) == 0) {
            now_ += std::chrono::milliseconds(pick(500));
            return pick(4) == 0 ? take(ListenFailed{now_}) : take(Demanded{now_});
        }
        if (asked_for_needs_) {
            asked_for_needs_ = false;
            return take(NeedsMet{});
        }
        if (asked_for_dependents_) {
            asked_for_dependents_ = false;
            return take(DependentsDown{});
        }
        if (requested_) {
            return birth();
        }
        auto& process = run_ && (!auxiliary_ || pick(2) == 0) ? run_ : auxiliary_;
        if (process && pick(3) != 0) {
            return life(process);
        }
        auto& timer = timer_ && (!auxiliary_timer_ || pick(2) == 0) ? timer_ : auxiliary_timer_;
        if (timer) {
            const Arm due = *timer;
            timer.reset();
            return take(TimedOut{due.kind, due.timer});
        }
        if (process) {
            life(process);
        }
    }

    void birth() {
        const Spawn spawn = *requested_;
        requested_.reset();
        if (pick(8) == 0) {
            return take(SpawnFailed{spawn.generation});
        }
        auto& process = spawn.role == Role::Run ? run_ : auxiliary_;
        process = Process{spawn.generation, spawn.role, ++last_pid_};
        take(Spawned{spawn.generation, last_pid_});
    }

    void life(std::optional<Process>& which) {
        if (!which->executed && pick(2) == 0) {
            which->executed = true;
            return take(Executed{which->generation});
        }
        const Process process = *which;
        if (process.executed && process.role == Role::Run && pick(2) == 0) {
            return say(process.generation);
        }
        if (s_.state == ServiceState::Ready && pick(4) != 0) {
            return;  // lives on
        }
        which.reset();
        if (!process.executed && pick(2) == 0) {
            return take(SpawnFailed{process.generation});
        }
        now_ += std::chrono::milliseconds(pick(5000));
        const auto code = static_cast<std::uint8_t>(pick(4) == 0 ? 125 : pick(2));
        take(Exited{process.generation,
                    {ExitStatus::Kind::Exited, code, false},
                    std::chrono::milliseconds(pick(40000)),
                    now_});
    }

    void say(std::uint32_t generation) {
        const std::vector<Event> sayings = {
            BecameReady{generation},       ReloadBegan{generation},
            ReloadEnded{generation},       AnnouncedStop{generation},
            WatchdogPing{generation},      WatchdogSet{generation, 5s},
            WatchdogTriggered{generation}, ExtendTimeout{generation, 9s},
            WatchdogSet{generation}};
        take(sayings[pick(static_cast<std::uint32_t>(sayings.size()))]);
    }

    void perform(const CheckNeeds& /*unused*/) { asked_for_needs_ = true; }
    void perform(const Listen& /*unused*/) {
        if (!s_.listening || !policy_.on_demand || s_.has_auxiliary) {
            complain("asked to listen for nobody");
        }
    }
    void perform(const CheckDependents& /*unused*/) { asked_for_dependents_ = true; }
    void perform(const StartNeeds& /*unused*/) {}
    void perform(const StartMembers& /*unused*/) { complain("no group has members"); }
    void perform(const StopMembers& /*unused*/) { complain("no group has members"); }
    void perform(const TakeDown& /*unused*/) { complain("took the system down"); }
    void perform(const Spawn& e) {
        const bool is_taken = e.role == Role::Run ? run_.has_value() : auxiliary_.has_value();
        if (is_taken || requested_) {
            complain("a second process");
        }
        if (e.generation <= last_generation_) {
            complain("a generation that was there before");
        }
        last_generation_ = e.generation;
        requested_ = e;
    }
    void perform(const Kill& e) {
        const bool is_run = run_ && run_->generation == e.generation && run_->pid == e.pid;
        const bool is_auxiliary =
            auxiliary_ && auxiliary_->generation == e.generation && auxiliary_->pid == e.pid;
        if (!is_run && !is_auxiliary) {
            complain("a signal to nobody, or to somebody else");
        }
    }
    void perform(const CloseInput& /*unused*/) {
        if (!policy_.drains_input) {
            complain("closed the input of no logger");
        }
    }
    void perform(const Arm& e) { (e.kind == TimerKind::Auxiliary ? auxiliary_timer_ : timer_) = e; }
    void perform(const Disarm& e) {
        auto& timer = e.kind == TimerKind::Auxiliary ? auxiliary_timer_ : timer_;
        if (timer && (timer->timer != e.timer || timer->kind != e.kind)) {
            complain("disarmed another timer");
        }
        timer.reset();
    }

    /// Whether a state must have its timer, must not, or may.
    enum class Need { None, May, Must };
    Need need_of_timer() const {
        switch (s_.state) {
            case ServiceState::Stopping:
                return s_.stop_stage == StopStage::Dependents ? Need::None
                       : may_have_any_time_                   ? Need::May
                                                              : Need::Must;
            case ServiceState::Finishing:
            case ServiceState::Backoff:
                return Need::Must;
            case ServiceState::Starting:
            case ServiceState::Up:
            case ServiceState::Ready:
                return Need::May;
            case ServiceState::Down:
            case ServiceState::Waiting:
            case ServiceState::Failed:
            case ServiceState::Done:
                return Need::None;
        }
        return Need::None;
    }

    void check() {
        const Need need = need_of_timer();
        const bool fits = need == Need::May || timer_.has_value() == (need == Need::Must);
        if (!fits || s_.timer_armed != timer_.has_value()) {
            complain("a timer that the state does not have, or none where it has one");
        }
        if (s_.pid != (run_ ? run_->pid : 0) ||
            s_.auxiliary_pid != (auxiliary_ ? auxiliary_->pid : 0)) {
            complain("the snapshot knows another pid");
        }
        const bool asked_for_run = requested_ && requested_->role == Role::Run;
        if (s_.has_run != (run_ || asked_for_run) ||
            s_.has_auxiliary != (auxiliary_ || (requested_ && !asked_for_run))) {
            complain("the snapshot knows of another process");
        }
        const bool may_run = s_.state == ServiceState::Stopping ||
                             s_.state == ServiceState::Starting || is_running(s_.state);
        if (s_.has_run && !may_run) {
            complain("a process in a state that has none");
        }
        if (is_running(s_.state) && !run_) {
            complain("running without a process");
        }
        if (s_.listening && s_.state != ServiceState::Waiting) {
            complain("listens, and does not wait");
        }
        check_wanted();
    }

    void check_wanted() {
        if (s_.wanted != Wanted::Down) {
            return;
        }
        if (s_.state == ServiceState::Waiting || s_.state == ServiceState::Backoff ||
            s_.state == ServiceState::Failed || s_.state == ServiceState::Done) {
            complain("on its way up, or at its end, though not wanted");
        }
        const bool is_up = is_running(s_.state) || s_.state == ServiceState::Starting;
        if (is_up && (s_.pid != 0 || s_.auxiliary_pid != 0)) {
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
    std::optional<Process> run_;
    std::optional<Process> auxiliary_;
    std::optional<Spawn> requested_;
    std::optional<Arm> timer_;
    std::optional<Arm> auxiliary_timer_;
    MonotonicTime now_{1h};
    std::uint32_t last_generation_ = 0;
    bool may_have_any_time_ = false;  ///< since an impatient verb somebody was patient
    bool asked_for_needs_ = false;
    bool asked_for_dependents_ = false;
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
