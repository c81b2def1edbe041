/// PURE. The handlers of the states on the way up: resting, waiting, starting, running.
#include "supervisor/service_transition.h"

namespace mainstay::supervisor {
namespace {

/// down, failed, done: nothing runs but perhaps the failure program.
struct OnResting : Handler {
    void operator()(const WantUp&) noexcept { begin_by_verb(Wanted::Up); }
    void operator()(const WantOnce&) noexcept { begin_by_verb(Wanted::Once); }
    void operator()(const Restart&) noexcept {
        t.emit(StartNeeds{});
        t.begin_by_hand(Wanted::Up);
    }
    void operator()(const StartAlong&) noexcept {
        if (!is_done_oneshot()) {
            t.want(t.s.wanted == Wanted::Down ? Wanted::Up : t.s.wanted);
            t.forget_failures();
            t.begin();
        }
    }
    void operator()(const WantDown&) noexcept { t.go_down(); }
    void operator()(const GiveWay&) noexcept { t.go_down(); }
    void operator()(const Retire&) noexcept {
        t.s.retired = true;
        t.go_down();
    }
    void operator()(const Reset&) noexcept {
        t.forget_failures();
        if (t.s.state == ServiceState::Failed) {
            t.want(Wanted::Down);
            t.rest(ServiceState::Down);
        }
    }
    void operator()(const Block& event) noexcept {
        if (t.s.obstacle == Obstacle::None) {
            return t.ignore();
        }
        t.s.obstacle = event.obstacle;
    }
    void operator()(const Unblock&) noexcept {
        t.s.obstacle != Obstacle::None ? t.begin() : t.ignore();
    }
    void operator()(const Spawned& event) noexcept {
        if (!t.is_auxiliary(event.generation)) {
            return t.ignore();
        }
        t.s.auxiliary_pid = event.pid;
        if (t.s.state != ServiceState::Failed) {
            t.signal_auxiliary(SIGKILL, Target::Group);
        }
    }
    void operator()(const SpawnFailed& event) noexcept { auxiliary_gone(event.generation); }
    void operator()(const Exited& event) noexcept { auxiliary_gone(event.generation); }
    void operator()(const TimedOut& event) noexcept {
        const bool is_its = event.kind == TimerKind::Auxiliary && t.is_auxiliary(event.timer);
        is_its ? t.signal_auxiliary(SIGKILL, Target::Group) : t.ignore();
    }
    void operator()(const auto&) noexcept { t.ignore(); }

  private:
    bool is_done_oneshot() const noexcept {
        return t.is_oneshot() && t.s.state == ServiceState::Done;
    }
    void begin_by_verb(Wanted wanted) noexcept {
        if (is_done_oneshot()) {
            return t.want(Wanted::Up);
        }
        t.emit(StartNeeds{});
        t.begin_by_hand(wanted);
    }
    void auxiliary_gone(std::uint32_t generation) noexcept {
        t.is_auxiliary(generation) ? t.auxiliary_ended() : t.ignore();
    }
};

struct OnWaiting : Handler {
    void operator()(const WantUp&) noexcept { again(Wanted::Up); }
    void operator()(const Restart&) noexcept { again(Wanted::Up); }
    void operator()(const TryRestart&) noexcept { t.s.listening ? t.ignore() : again(Wanted::Up); }
    void operator()(const WantOnce&) noexcept { again(Wanted::Once); }
    void operator()(const WantDown&) noexcept { t.go_down(); }
    void operator()(const GiveWay&) noexcept { t.go_down(); }
    void operator()(const Retire&) noexcept {
        t.s.retired = true;
        t.go_down();
    }
    void operator()(const Reset&) noexcept { t.forget_failures(); }
    void operator()(const Demanded& event) noexcept {
        listens() ? t.demanded(event.at) : t.ignore();
    }
    void operator()(const ListenFailed& event) noexcept {
        listens() ? t.run_never_began(Duration::zero(), event.at) : t.ignore();
    }
    void operator()(const NeedsMet&) noexcept { t.s.listening ? t.ignore() : t.start(); }
    /// What it will need is not asked for before somebody comes.
    void operator()(const Block& event) noexcept {
        const bool matters = !t.s.listening || event.obstacle == Obstacle::Definition;
        matters ? t.fail_for(event.obstacle) : t.ignore();
    }
    void operator()(const Spawned& event) noexcept {
        if (!t.is_auxiliary(event.generation)) {
            return t.ignore();
        }
        t.s.auxiliary_pid = event.pid;
        t.signal_auxiliary(SIGKILL, Target::Group);
    }
    void operator()(const SpawnFailed& event) noexcept { auxiliary_gone(event.generation); }
    void operator()(const Exited& event) noexcept { auxiliary_gone(event.generation); }
    void operator()(const TimedOut& event) noexcept { OnResting{t}(event); }
    void operator()(const auto&) noexcept { t.ignore(); }

  private:
    bool listens() const noexcept { return t.s.listening && !t.s.has_auxiliary; }
    void again(Wanted wanted) noexcept {
        t.want(wanted);
        if (t.s.listening) {
            t.forget_failures();
            return t.go_on_from_listening();
        }
        t.emit(StartNeeds{});
    }
    void auxiliary_gone(std::uint32_t generation) noexcept {
        if (!t.is_auxiliary(generation)) {
            return t.ignore();
        }
        t.auxiliary_ended();
        t.s.listening ? t.emit(Listen{}) : t.emit(CheckNeeds{});
    }
};

/// What starting and running have in common: a process that may be told to end.
struct OnAlive : Handler {
    void operator()(const WantUp&) noexcept { t.want(Wanted::Up); }
    void operator()(const WantOnce&) noexcept { t.want(Wanted::Once); }
    void operator()(const StartAlong&) noexcept { t.want_along(); }
    void operator()(const Restart&) noexcept {
        t.want(Wanted::Up);
        if (t.is_born()) {
            t.s.by_hand = true;
            t.stop();
        }
    }
    void operator()(const TryRestart&) noexcept { (*this)(Restart{}); }
    void operator()(const WantDown& event) noexcept {
        t.want_down(event.patience);
        t.stop_if_born();
    }
    void operator()(const GiveWay&) noexcept { (*this)(WantDown{}); }
    void operator()(const Retire& event) noexcept {
        t.s.retired = true;
        (*this)(WantDown{event.patience});
    }
    void operator()(const Reset&) noexcept { t.forget_failures(); }
    void operator()(const HoldBack&) noexcept {
        t.s.held = true;
        t.stop_if_born();
    }
    void operator()(const Block& event) noexcept {
        t.s.obstacle = event.obstacle;
        t.stop_if_born();
    }
    void operator()(const Unblock&) noexcept {
        if (t.s.obstacle == Obstacle::None) {
            return t.ignore();
        }
        t.s.obstacle = Obstacle::None;
    }
    void operator()(const SendSignal& event) noexcept { t.send_signal(event.number); }
    void operator()(const MainPid& event) noexcept {
        const bool is_sound = t.is_live_run(event.generation) && event.pid > 0;
        is_sound ? void(t.s.pid = event.pid) : t.ignore();
    }
    void operator()(const WatchdogSet& event) noexcept {
        if (!t.is_live_run(event.generation)) {
            return t.ignore();
        }
        t.s.watchdog = event.timeout > Duration::zero() ? event.timeout : kForever;
    }
    void operator()(const AnnouncedStop& event) noexcept {
        t.is_live_run(event.generation) ? void(t.s.announced_stop = true) : t.ignore();
    }
    void operator()(const ExtendTimeout& event) noexcept {
        if (!t.is_live_run(event.generation) || !t.s.timer_armed) {
            return t.ignore();
        }
        t.disarm();
        t.arm(timer_of(t.s.state), event.timeout);
    }
    void operator()(const auto&) noexcept { t.ignore(); }
};

/// From the request for a process until its program is executed. While pid is 0 the request is
/// under way and cannot be taken back: a stop waits for its outcome.
struct OnStarting : OnAlive {
    using OnAlive::operator();

    void operator()(const Spawned& event) noexcept {
        if (t.is_run(event.generation)) {
            t.s.pid = event.pid;
        } else if (t.is_auxiliary(event.generation)) {
            t.s.auxiliary_pid = event.pid;
        } else {
            return t.ignore();
        }
        if (t.must_stop()) {
            t.stop();
        } else if (t.s.failure != Failure::None) {
            t.cut_short(t.s.failure, t.policy.stop_signal);
        }
    }
    void operator()(const SpawnFailed& event) noexcept {
        if (t.is_auxiliary(event.generation)) {
            t.auxiliary_ended();
        } else if (!t.is_run(event.generation)) {
            return t.ignore();
        }
        t.run_never_began(Duration::zero(), event.at);
    }
    void operator()(const Executed& event) noexcept {
        t.is_live_run(event.generation) ? t.run_executed() : t.ignore();
    }
    void operator()(const BecameReady& event) noexcept {
        // Possible where the message overtakes the report of the exec.
        t.is_live_run(event.generation) && !t.is_oneshot() ? t.become_ready() : t.ignore();
    }
    void operator()(const Exited& event) noexcept {
        if (t.is_run(event.generation)) {
            t.run_ended(event);
        } else if (t.is_auxiliary(event.generation)) {
            setup_ended(event);
        } else {
            t.ignore();
        }
    }
    void operator()(const TimedOut& event) noexcept {
        if (!t.is_due(event)) {
            return;
        }
        if (t.is_born()) {
            t.cut_short(Failure::NotReady, t.policy.stop_signal);
        } else {
            t.s.failure = Failure::NotReady;
        }
    }

  private:
    void setup_ended(const Exited& event) noexcept {
        t.auxiliary_ended();
        if (event.status.is_success() && !t.must_stop()) {
            return t.spawn(Role::Run);
        }
        t.run_never_began(event.lived, event.at);
    }
};

/// up and ready: the program runs.
struct OnRunning : OnAlive {
    using OnAlive::operator();

    void operator()(const Reload& event) noexcept {
        if (event.signal != 0) {
            t.emit(Kill{t.s.generation, t.s.pid, event.signal, Target::Process});
        } else if (t.s.has_auxiliary) {
            t.ignore();  // one at a time
        } else {
            t.spawn(Role::Reload);
        }
    }
    void operator()(const BecameReady& event) noexcept {
        const bool is_news =
            t.is_live_run(event.generation) && !t.is_oneshot() && t.s.state != ServiceState::Ready;
        is_news ? t.become_ready() : t.ignore();
    }
    void operator()(const ReloadBegan& event) noexcept {
        t.is_live_run(event.generation) ? void(t.s.reloading = true) : t.ignore();
    }
    void operator()(const ReloadEnded& event) noexcept {
        t.is_live_run(event.generation) ? void(t.s.reloading = false) : t.ignore();
    }
    void operator()(const WatchdogSet& event) noexcept {
        OnAlive::operator()(event);
        rearm_watchdog();
    }
    void operator()(const WatchdogPing& event) noexcept {
        t.is_live_run(event.generation) ? rearm_watchdog() : t.ignore();
    }
    void operator()(const WatchdogTriggered& event) noexcept {
        t.is_live_run(event.generation) ? t.cut_short(Failure::Watchdog, SIGABRT) : t.ignore();
    }
    void operator()(const Spawned& event) noexcept {
        const bool is_its = t.is_auxiliary(event.generation);
        is_its ? void(t.s.auxiliary_pid = event.pid) : t.ignore();
    }
    void operator()(const SpawnFailed& event) noexcept {
        t.is_auxiliary(event.generation) ? t.auxiliary_ended() : t.ignore();
    }
    void operator()(const Exited& event) noexcept {
        if (t.is_run(event.generation)) {
            t.run_ended(event);
        } else if (t.is_auxiliary(event.generation)) {
            t.auxiliary_ended();
        } else {
            t.ignore();
        }
    }
    void operator()(const TimedOut& event) noexcept {
        if (event.kind == TimerKind::Auxiliary && t.is_auxiliary(event.timer)) {
            return t.signal_auxiliary(SIGKILL, Target::Group);
        }
        if (!t.is_due(event)) {
            return;
        }
        if (t.s.state == ServiceState::Ready) {
            t.cut_short(Failure::Watchdog, SIGABRT);
        } else {
            t.cut_short(Failure::NotReady, t.policy.stop_signal);
        }
    }

  private:
    void rearm_watchdog() noexcept {
        if (t.s.state == ServiceState::Ready && !t.s.paused && !t.ignored) {
            t.disarm();
            t.arm(TimerKind::Watchdog, t.s.watchdog);
        }
    }
};

}  // namespace

void on_resting(Transition& t, const Event& event) noexcept {
    visit_event(OnResting{t}, event);
}
void on_waiting(Transition& t, const Event& event) noexcept {
    visit_event(OnWaiting{t}, event);
}
void on_starting(Transition& t, const Event& event) noexcept {
    visit_event(OnStarting{t}, event);
}
void on_running(Transition& t, const Event& event) noexcept {
    visit_event(OnRunning{t}, event);
}

}  // namespace mainstay::supervisor
