/// PURE. The handlers of the states after a run: stopping, finishing, backoff.
#include "supervisor/service_transition.h"

namespace mainstay::supervisor {
namespace {

/// What stopping and finishing have in common: verbs are remembered until it has ended.
struct OnEnding : Handler {
    void operator()(const WantUp&) noexcept { start_after(Wanted::Up); }
    void operator()(const WantOnce&) noexcept { start_after(Wanted::Once); }
    void operator()(const Restart&) noexcept { start_after(Wanted::Up); }
    void operator()(const TryRestart&) noexcept { start_after(Wanted::Up); }
    void operator()(const StartAlong&) noexcept {
        if (t.s.wanted == Wanted::Down || t.s.obstacle != Obstacle::None) {
            t.want_after_the_end(t.s.wanted == Wanted::Down ? Wanted::Up : t.s.wanted);
        }
    }
    void operator()(const WantDown&) noexcept { t.want_after_the_end(Wanted::Down); }
    void operator()(const GiveWay&) noexcept { t.want_after_the_end(Wanted::Down); }
    void operator()(const Retire&) noexcept {
        t.want_after_the_end(Wanted::Down);
        t.s.retired = true;
    }
    void operator()(const Reset&) noexcept { t.forget_failures(); }
    void operator()(const Block& event) noexcept {
        t.s.wanted != Wanted::Down ? void(t.s.obstacle = event.obstacle) : t.ignore();
    }
    void operator()(const Unblock&) noexcept {
        if (t.s.obstacle == Obstacle::None) {
            return t.ignore();
        }
        t.s.obstacle = Obstacle::None;
        t.s.held = true;
    }
    void operator()(const auto&) noexcept { t.ignore(); }

    void start_after(Wanted wanted) noexcept {
        t.want_after_the_end(wanted);
        t.emit(StartNeeds{});
    }
};

struct OnStopping : OnEnding {
    using OnEnding::operator();

    void operator()(const WantUp& event) noexcept {
        can_be_taken_back() ? take_back(Wanted::Up) : OnEnding::operator()(event);
    }
    void operator()(const WantOnce& event) noexcept {
        can_be_taken_back() ? take_back(Wanted::Once) : OnEnding::operator()(event);
    }
    void operator()(const StartAlong& event) noexcept {
        if (can_be_taken_back()) {
            t.want(Wanted::Up);
            return t.resume();
        }
        OnEnding::operator()(event);
    }
    void operator()(const WantDown& event) noexcept {
        OnEnding::operator()(event);
        hurry(event.patience);
    }
    void operator()(const GiveWay& event) noexcept {
        OnEnding::operator()(event);
        hurry(Patience::Timeout);
    }
    void operator()(const Retire& event) noexcept {
        const bool closes_now =
            !t.s.retired && t.policy.drains_input && t.s.stop_stage != StopStage::Dependents;
        OnEnding::operator()(event);
        hurry(event.patience);
        if (closes_now) {
            t.emit(CloseInput{});
        }
    }
    void operator()(const HoldBack&) noexcept {
        t.s.wanted != Wanted::Down ? void(t.s.held = true) : t.ignore();
    }
    void operator()(const DependentsDown&) noexcept {
        t.s.stop_stage == StopStage::Dependents ? t.go_on_stopping() : t.ignore();
    }
    void operator()(const SendSignal& event) noexcept { t.send_signal(event.number); }
    void operator()(const Executed& event) noexcept {
        if (!is_before_the_signal(event.generation) || t.s.resume != ServiceState::Starting) {
            return t.ignore();
        }
        const bool is_ready = t.policy.readiness == Readiness::Exec && !t.is_oneshot();
        t.s.resume = is_ready ? ServiceState::Ready : ServiceState::Up;
    }
    void operator()(const BecameReady& event) noexcept {
        const bool counts = is_before_the_signal(event.generation) && !t.is_oneshot();
        counts ? void(t.s.resume = ServiceState::Ready) : t.ignore();
    }
    void operator()(const AnnouncedStop& event) noexcept {
        t.is_live_run(event.generation) ? void(t.s.announced_stop = true) : t.ignore();
    }
    void operator()(const MainPid& event) noexcept {
        const bool is_sound = t.is_live_run(event.generation) && event.pid > 0;
        is_sound ? void(t.s.pid = event.pid) : t.ignore();
    }
    void operator()(const ExtendTimeout& event) noexcept {
        const bool may =
            t.is_live_run(event.generation) && t.s.timer_armed && t.s.stop_stage != StopStage::Kill;
        if (!may) {
            return t.ignore();
        }
        t.disarm();
        t.arm(TimerKind::Stop, event.timeout);
    }
    void operator()(const Spawned& event) noexcept {
        if (!t.is_auxiliary(event.generation)) {
            return t.ignore();
        }
        t.s.auxiliary_pid = event.pid;
        if (t.s.stop_stage == StopStage::Kill) {
            t.signal_auxiliary(SIGKILL, Target::Group);
        }
    }
    void operator()(const SpawnFailed& event) noexcept {
        if (t.is_run(event.generation)) {
            return t.run_never_began(Duration::zero(), event.at);
        }
        auxiliary_gone(event.generation, Duration::zero(), event.at);
    }
    void operator()(const Exited& event) noexcept {
        if (t.is_run(event.generation)) {
            return t.run_ended(event);
        }
        auxiliary_gone(event.generation, event.lived, event.at);
    }
    void operator()(const TimedOut& event) noexcept {
        if (event.kind == TimerKind::Auxiliary && t.is_auxiliary(event.timer)) {
            return t.signal_auxiliary(SIGKILL, Target::Group);
        }
        if (!t.is_due(event)) {
            return;
        }
        t.arm(TimerKind::Stop, t.policy.stop_timeout);
        if (t.s.stop_stage == StopStage::Drain) {
            return t.terminate(t.policy.stop_signal);
        }
        t.s.stop_stage = StopStage::Kill;
        t.s.paused = false;
        t.kill_groups();
    }

  private:
    /// Who had any time so far has the stop timeout from here on. Without a timeout, which is
    /// runit's way, it is told once more: some need that, and it does no more than runsv.
    void hurry(Patience patience) noexcept {
        if (patience == Patience::Endless) {
            if (t.s.stop_stage == StopStage::Terminate) {
                t.terminate(t.policy.stop_signal);
            }
            return;
        }
        t.s.patient = false;
        const bool is_told = t.s.stop_stage != StopStage::Dependents;
        if (is_told && !t.s.timer_armed && t.policy.stop_timeout < kForever) {
            t.arm(TimerKind::Stop, t.policy.stop_timeout);
        }
    }
    /// Nothing was done to the process yet, and only a `down` asked for its stop.
    bool can_be_taken_back() const noexcept {
        return t.s.stop_stage == StopStage::Dependents && t.s.wanted == Wanted::Down && !t.s.held &&
               t.s.obstacle == Obstacle::None;
    }
    void take_back(Wanted wanted) noexcept {
        t.want(wanted);
        t.resume();
        t.emit(StartNeeds{});
    }
    bool is_before_the_signal(std::uint32_t generation) const noexcept {
        return t.is_live_run(generation) && t.s.stop_stage == StopStage::Dependents;
    }
    void auxiliary_gone(std::uint32_t generation, Duration lived, MonotonicTime at) noexcept {
        if (!t.is_auxiliary(generation)) {
            return t.ignore();
        }
        t.auxiliary_ended();
        if (t.s.auxiliary == Role::Setup) {
            return t.run_never_began(lived, at);
        }
        if (!t.s.has_run) {
            return t.conclude();
        }
        if (t.s.stop_stage == StopStage::Program) {
            t.s.auxiliary == Role::Stop ? t.terminate(t.policy.stop_signal) : t.spawn(Role::Stop);
        }
    }
};

struct OnFinishing : OnEnding {
    using OnEnding::operator();

    void operator()(const Spawned& event) noexcept {
        const bool is_its = t.is_auxiliary(event.generation);
        is_its ? void(t.s.auxiliary_pid = event.pid) : t.ignore();
    }
    void operator()(const SpawnFailed& event) noexcept {
        ended(event.generation, Transition::Finish::Agrees);
    }
    void operator()(const Exited& event) noexcept {
        const bool gave_up = event.status.kind == ExitStatus::Kind::Exited &&
                             event.status.value == kFinishFailedForGood;
        ended(event.generation, gave_up ? Transition::Finish::GaveUp : Transition::Finish::Agrees);
    }
    void operator()(const TimedOut& event) noexcept {
        if (t.is_due(event)) {
            t.signal_auxiliary(SIGKILL, Target::Group);
            t.arm(TimerKind::Finish, t.policy.finish_timeout);
        }
    }

  private:
    void ended(std::uint32_t generation, Transition::Finish finish) noexcept {
        if (!t.is_auxiliary(generation)) {
            return t.ignore();
        }
        t.auxiliary_ended();
        t.decide(Transition::Executed::Yes, finish);
    }
};

struct OnBackoff : Handler {
    void operator()(const WantUp&) noexcept { start_now(Wanted::Up); }
    void operator()(const Restart&) noexcept { start_now(Wanted::Up); }
    void operator()(const TryRestart&) noexcept { start_now(Wanted::Up); }
    void operator()(const WantOnce&) noexcept { start_now(Wanted::Once); }
    void operator()(const WantDown&) noexcept { t.go_down(); }
    void operator()(const GiveWay&) noexcept { t.go_down(); }
    void operator()(const Retire&) noexcept {
        t.s.retired = true;
        t.go_down();
    }
    void operator()(const Reset&) noexcept { t.forget_failures(); }
    void operator()(const Block& event) noexcept { t.fail_for(event.obstacle); }
    void operator()(const TimedOut& event) noexcept {
        if (t.is_due(event)) {
            t.begin();
        }
    }
    void operator()(const auto&) noexcept { t.ignore(); }

  private:
    void start_now(Wanted wanted) noexcept {
        t.emit(StartNeeds{});
        t.begin_by_hand(wanted);
    }
};

}  // namespace

void on_stopping(Transition& t, const Event& event) noexcept {
    visit_event(OnStopping{t}, event);
}
void on_finishing(Transition& t, const Event& event) noexcept {
    visit_event(OnFinishing{t}, event);
}
void on_backoff(Transition& t, const Event& event) noexcept {
    visit_event(OnBackoff{t}, event);
}

}  // namespace mainstay::supervisor
