#include "supervisor/service_transition.h"

#include <algorithm>

#include "supervisor/restart_policy.h"

namespace mainstay::supervisor {

TimerKind timer_of(ServiceState state) noexcept {
    switch (state) {
        case ServiceState::Ready:
            return TimerKind::Watchdog;
        case ServiceState::Stopping:
            return TimerKind::Stop;
        case ServiceState::Finishing:
            return TimerKind::Finish;
        case ServiceState::Backoff:
            return TimerKind::Backoff;
        case ServiceState::Starting:
        case ServiceState::Up:
        case ServiceState::Down:
        case ServiceState::Waiting:
        case ServiceState::Failed:
        case ServiceState::Done:
            return TimerKind::Start;
    }
    return TimerKind::Start;
}

void Transition::emit(const Effect& effect) noexcept {
    // Eight are more than any step has; the tests check that nothing is ever lost.
    if (!effects.push_back(effect)) {
        effects.clear();
    }
}

void Transition::enter(ServiceState state) noexcept {
    disarm();
    s.state = state;
    s.listening = false;
}

void Transition::arm(TimerKind kind, Duration after) noexcept {
    ++s.timer;
    s.timer_armed = after < kForever;
    if (s.timer_armed) {
        emit(Arm{kind, s.timer, after});
    }
}

void Transition::disarm() noexcept {
    if (s.timer_armed) {
        s.timer_armed = false;
        emit(Disarm{timer_of(s.state), s.timer});
    }
}

bool Transition::is_due(const TimedOut& event) noexcept {
    if (!s.timer_armed || event.timer != s.timer || event.kind != timer_of(s.state)) {
        ignore();
        return false;
    }
    s.timer_armed = false;
    return true;
}

// --- signals --------------------------------------------------------------------------------

void Transition::signal_run(int signal, Target target) noexcept {
    if (s.has_run && s.pid != 0) {
        if (signal != SIGCONT && signal != SIGSTOP) {
            s.sent_signal = static_cast<std::uint8_t>(signal);
        }
        emit(Kill{s.generation, s.pid, signal, target});
    }
}

void Transition::signal_auxiliary(int signal, Target target) noexcept {
    if (s.has_auxiliary && s.auxiliary_pid != 0) {
        emit(Kill{s.auxiliary_generation, s.auxiliary_pid, signal, target});
    }
}

void Transition::kill_groups() noexcept {
    signal_run(SIGKILL, Target::Group);
    signal_auxiliary(SIGKILL, Target::Group);
}

void Transition::send_signal(int number) noexcept {
    if (!s.has_run || s.pid == 0) {
        return ignore();
    }
    const bool was_paused = s.paused;
    if (number == SIGSTOP) {
        s.paused = true;
    } else if (number == SIGCONT || number == SIGKILL) {
        s.paused = false;
    }
    signal_run(number, Target::Process);
    if (s.state == ServiceState::Ready && was_paused != s.paused) {
        // Who is stopped can give no sign of life.
        s.paused ? disarm() : arm(TimerKind::Watchdog, s.watchdog);
    }
}

// --- what is wanted -------------------------------------------------------------------------

void Transition::want(Wanted wanted) noexcept {
    s.wanted = wanted;
    if (wanted != Wanted::Down) {
        s.retired = false;
        s.patient = false;
    }
}

void Transition::want_down(Patience patience) noexcept {
    want(Wanted::Down);
    s.patient = patience == Patience::Endless;
}

void Transition::want_along() noexcept {
    if (s.wanted == Wanted::Down) {
        want(Wanted::Up);
    }
}

void Transition::want_after_the_end(Wanted wanted) noexcept {
    want(wanted);
    s.by_hand = wanted != Wanted::Down;
    s.obstacle = Obstacle::None;
}

void Transition::forget_failures() noexcept {
    s.short_runs = 0;
    s.restarts = 0;
    s.limit_count = 0;
    s.limit_since = {};
}

void Transition::begin() noexcept {
    if (!policy.on_demand) {
        return begin_now();
    }
    wait();
    s.listening = true;
    if (s.has_auxiliary) {
        // What it ran when it failed has had its time; it listens when that is gone.
        return signal_auxiliary(SIGKILL, Target::Group);
    }
    emit(Listen{});
}

void Transition::begin_now() noexcept {
    wait();
    emit(CheckNeeds{});
}

void Transition::wait() noexcept {
    enter(ServiceState::Waiting);
    s.by_hand = false;
    s.held = false;
    s.members_started = false;
    s.obstacle = Obstacle::None;
    s.failure = Failure::None;
}

/// Nobody knows whether who has come is still the one that the last run left standing, so one that
/// has hardly run has its pause first.
void Transition::demanded(MonotonicTime at) noexcept {
    const bool was_short =
        s.ended_at != MonotonicTime() && s.last_lived < kLongEnoughForAnImmediateStart;
    const Duration pause = s.ended_at + policy.pacing.delay - at;
    if (!was_short || pause <= Duration::zero()) {
        return go_on_from_listening();
    }
    enter(ServiceState::Backoff);
    arm(TimerKind::Backoff, pause);
}

void Transition::go_on_from_listening() noexcept {
    s.listening = false;
    emit(StartNeeds{});
    emit(CheckNeeds{});
}

void Transition::begin_by_hand(Wanted wanted) noexcept {
    want(wanted);
    forget_failures();
    begin_now();
}

void Transition::go_down() noexcept {
    want(Wanted::Down);
    signal_auxiliary(SIGKILL, Target::Group);
    rest(ServiceState::Down);
}

void Transition::rest(ServiceState state) noexcept {
    enter(state);
    s.by_hand = false;
    s.held = false;
    s.members_started = false;
    s.obstacle = Obstacle::None;
    s.failure = Failure::None;
}

void Transition::fail_for(Obstacle obstacle) noexcept {
    rest(ServiceState::Failed);
    s.obstacle = obstacle;
}

// --- the way up -----------------------------------------------------------------------------

void Transition::start() noexcept {
    if (s.has_auxiliary) {
        // What it ran when it failed has had its time; CheckNeeds again when it is gone.
        return signal_auxiliary(SIGKILL, Target::Group);
    }
    enter(ServiceState::Starting);
    arm(TimerKind::Start, policy.start_timeout);
    spawn(policy.has_setup ? Role::Setup : Role::Run);
}

void Transition::spawn(Role role) noexcept {
    const std::uint32_t generation = std::max(s.generation, s.auxiliary_generation) + 1;
    if (role == Role::Run) {
        s.generation = generation;
        s.has_run = true;
        s.pid = 0;
        s.sent_signal = 0;
        s.patient = false;
        s.failure = Failure::None;
        s.watchdog = policy.watchdog_timeout;
    } else {
        s.auxiliary_generation = generation;
        s.has_auxiliary = true;
        s.auxiliary_pid = 0;
        s.auxiliary = role;
    }
    emit(Spawn{role, generation});
    if (role == Role::Reload || role == Role::Failure) {
        if (policy.start_timeout < kForever) {
            emit(Arm{TimerKind::Auxiliary, generation, policy.start_timeout});
        }
    }
}

void Transition::run_executed() noexcept {
    if (policy.readiness == Readiness::Exec && !is_oneshot()) {
        return become_ready();
    }
    s.state = ServiceState::Up;
}

void Transition::become_ready() noexcept {
    enter(ServiceState::Ready);
    arm(TimerKind::Watchdog, s.watchdog);
}

// --- the way down ---------------------------------------------------------------------------

void Transition::stop() noexcept {
    s.resume = s.state;
    enter(ServiceState::Stopping);
    s.stop_stage = StopStage::Dependents;
    emit(CheckDependents{});
}

void Transition::stop_if_born() noexcept {
    if (is_born()) {
        stop();
    }
}

void Transition::go_on_stopping() noexcept {
    if (!s.patient) {
        arm(TimerKind::Stop, policy.stop_timeout);
    }
    if (s.retired && policy.drains_input) {
        s.stop_stage = StopStage::Drain;
        return emit(CloseInput{});
    }
    if (!policy.has_stop_program || !is_running(s.resume)) {
        return terminate(policy.stop_signal);
    }
    s.stop_stage = StopStage::Program;
    if (s.has_auxiliary) {
        signal_auxiliary(SIGKILL, Target::Group);
    } else {
        spawn(Role::Stop);
    }
}

void Transition::terminate(int signal) noexcept {
    s.stop_stage = StopStage::Terminate;
    s.paused = false;
    signal_run(signal, Target::Process);
    signal_run(SIGCONT, Target::Process);
    if (s.has_auxiliary && s.auxiliary == Role::Setup) {
        signal_auxiliary(signal, Target::Process);
        signal_auxiliary(SIGCONT, Target::Process);
    } else if (s.has_auxiliary && s.auxiliary == Role::Reload) {
        signal_auxiliary(SIGKILL, Target::Group);
    }
}

void Transition::cut_short(Failure why, int signal) noexcept {
    s.failure = why;
    s.resume = s.state;
    enter(ServiceState::Stopping);
    arm(TimerKind::Stop, policy.stop_timeout);
    terminate(signal);
}

void Transition::resume() noexcept {
    s.state = s.resume;
    if (s.state == ServiceState::Ready) {
        arm(TimerKind::Watchdog, s.watchdog);
    } else {
        arm(TimerKind::Start, policy.start_timeout);
    }
}

// --- ends -----------------------------------------------------------------------------------

void Transition::run_ended(const Exited& exit) noexcept {
    s.last_exit = exit.status;
    s.last_lived = exit.lived;
    s.ended_at = exit.at;
    s.has_run = false;
    s.pid = 0;
    s.paused = false;
    s.patient = false;
    s.reloading = false;
    s.announced_stop = false;
    if (!s.has_auxiliary) {
        return conclude();
    }
    if (s.state == ServiceState::Stopping && s.stop_stage != StopStage::Dependents) {
        return;  // its stop program has what is left of the stop timeout
    }
    s.resume = s.state;
    enter(ServiceState::Stopping);
    s.stop_stage = StopStage::Kill;
    arm(TimerKind::Stop, policy.stop_timeout);
    signal_auxiliary(SIGKILL, Target::Group);
}

void Transition::run_never_began(Duration lived, MonotonicTime at) noexcept {
    s.has_run = false;
    s.pid = 0;
    s.paused = false;
    s.last_lived = lived;
    s.ended_at = at;
    decide(Executed::No, Finish::Agrees);
}

void Transition::conclude() noexcept {
    if (!policy.has_finish) {
        return decide(Executed::Yes, Finish::Agrees);
    }
    enter(ServiceState::Finishing);
    spawn(Role::Finish);
    arm(TimerKind::Finish, policy.finish_timeout);
}

void Transition::auxiliary_ended() noexcept {
    s.has_auxiliary = false;
    s.auxiliary_pid = 0;
    const bool has_timer = s.auxiliary == Role::Reload || s.auxiliary == Role::Failure;
    if (has_timer && policy.start_timeout < kForever) {
        emit(Disarm{TimerKind::Auxiliary, s.auxiliary_generation});
    }
}

void Transition::decide(Executed executed, Finish finish) noexcept {
    if (s.wanted == Wanted::Down) {
        rest(ServiceState::Down);
    } else if (s.obstacle != Obstacle::None) {
        fail_for(s.obstacle);
    } else if (s.by_hand) {
        begin_by_hand(s.wanted);
    } else if (s.held) {
        begin();
    } else {
        judge(executed, finish);
    }
}

void Transition::judge(Executed executed, Finish finish) noexcept {
    const RunEnd end{
        s.last_exit, s.last_lived, s.ended_at, executed == Executed::Yes, finish == Finish::GaveUp,
        s.failure,   s.sent_signal};
    const RestartMemory memory{s.short_runs, s.restarts, s.limit_count, s.limit_since};
    const RestartDecision decision = decide_restart(end, policy, s.wanted, memory);
    s.short_runs = decision.memory.short_runs;
    s.restarts = decision.memory.restarts;
    s.limit_count = decision.memory.limit_count;
    s.limit_since = decision.memory.limit_since;
    switch (decision.kind) {
        case RestartDecision::Kind::Done:
            return rest(ServiceState::Done);
        case RestartDecision::Kind::Failed:
            return fail(decision.why);
        case RestartDecision::Kind::Restart:
            break;
    }
    if (decision.wait == Duration::zero()) {
        return begin();
    }
    enter(ServiceState::Backoff);
    arm(TimerKind::Backoff, decision.wait);
}

void Transition::fail(Failure why) noexcept {
    rest(ServiceState::Failed);
    s.failure = why;
    switch (policy.on_failure) {
        case FailureAction::None:
            return;
        case FailureAction::Exec:
            return spawn(Role::Failure);
        case FailureAction::Reboot:
        case FailureAction::Poweroff:
        case FailureAction::Exit:
            return emit(TakeDown{policy.on_failure});
    }
}

}  // namespace mainstay::supervisor
