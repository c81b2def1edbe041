/// PURE. The moves that the handlers of service_state.cpp are made of. Included by that file only.
#pragma once

#include "supervisor/service_state.h"

namespace mainstay::supervisor {

/// One step while it is being made: the next snapshot, the effects so far, and the moves that
/// several states share.
struct Transition {
    Snapshot s;
    const Policy& policy;
    Effects effects{};
    bool ignored = false;

    void emit(const Effect& effect) noexcept {
        // Six are more than any step has; the tests check that nothing is ever lost.
        if (!effects.push_back(effect)) {
            effects.clear();
        }
    }

    void ignore() noexcept { ignored = true; }

    void arm(TimerKind kind, Duration after) noexcept {
        ++s.timer;
        s.timer_armed = true;
        emit(Arm{kind, s.timer, after});
    }

    void disarm(TimerKind kind) noexcept {
        s.timer_armed = false;
        emit(Disarm{kind, s.timer});
    }

    void kill(int signal, Target target) noexcept {
        if (s.pid != 0) {
            emit(Kill{s.pid, signal, target});
        }
    }

    void want(Wanted wanted) noexcept {
        s.wanted = wanted;
        if (wanted != Wanted::Down) {
            s.retired = false;
        }
    }

    /// From wherever nothing runs towards a start.
    void begin() noexcept {
        s.state = ServiceState::Waiting;
        emit(CheckNeeds{});
    }

    void begin_by_hand(Wanted wanted) noexcept {
        want(wanted);
        s.by_hand = false;
        s.short_runs = 0;
        s.restarts = 0;
        begin();
    }

    void spawn(Role role, ServiceState state) noexcept {
        ++s.generation;
        s.pid = 0;
        s.state = state;
        emit(Spawn{role, s.generation});
    }

    /// The process is alive; ask it to end.
    void stop() noexcept {
        s.state = ServiceState::Stopping;
        if (s.retired && policy.drains_input) {
            s.stop_stage = StopStage::Drain;
            emit(CloseInput{});
            arm(TimerKind::Stop, policy.stop_timeout);
            return;
        }
        terminate();
    }

    void terminate() noexcept {
        s.stop_stage = StopStage::Terminate;
        s.paused = false;
        kill(policy.stop_signal, Target::Process);
        kill(SIGCONT, Target::Process);
        arm(TimerKind::Stop, policy.stop_timeout);
    }

    void kill_group_and_wait(TimerKind kind, Duration timeout) noexcept {
        kill(SIGKILL, Target::Group);
        arm(kind, timeout);
    }

    /// A verb while something runs that must end first: remembered until it has.
    void want_after_the_end(Wanted wanted) noexcept {
        want(wanted);
        s.by_hand = wanted != Wanted::Down;
    }

    void rest(ServiceState state) noexcept {
        s.state = state;
        s.by_hand = false;
    }

    void forget_process() noexcept {
        s.pid = 0;
        s.paused = false;
    }

    /// The run is over: its finish program, or what comes after that.
    void run_ended(const Exited& exit) noexcept {
        if (s.state == ServiceState::Stopping) {
            disarm(TimerKind::Stop);
        }
        forget_process();
        s.last_exit = exit.status;
        s.last_lived = exit.lived;
        if (policy.has_finish) {
            spawn(Role::Finish, ServiceState::Finishing);
            arm(TimerKind::Finish, policy.finish_timeout);
            return;
        }
        decide(s.last_exit.is_success() ? Verdict::Succeeded : Verdict::Died);
    }

    /// The run never was. There is nothing for a finish program to clean up.
    void run_never_began() noexcept {
        if (s.state == ServiceState::Stopping) {
            disarm(TimerKind::Stop);
        }
        forget_process();
        s.last_lived = Duration::zero();
        decide(Verdict::Died);
    }

    void finish_ended(bool failed_for_good) noexcept {
        disarm(TimerKind::Finish);
        forget_process();
        if (failed_for_good) {
            decide(Verdict::FailedForGood);
        } else {
            decide(s.last_exit.is_success() ? Verdict::Succeeded : Verdict::Died);
        }
    }

    enum class Verdict : std::uint8_t { Succeeded, Died, FailedForGood };

    /// Nothing runs: rest, start at once, or wait and start.
    void decide(Verdict verdict) noexcept {
        if (s.wanted == Wanted::Down) {
            rest(ServiceState::Down);
        } else if (s.by_hand) {
            begin_by_hand(s.wanted);
        } else if (verdict == Verdict::FailedForGood) {
            rest(ServiceState::Failed);
        } else if (s.wanted == Wanted::Once) {
            rest(verdict == Verdict::Succeeded ? ServiceState::Done : ServiceState::Failed);
        } else {
            back_off();
        }
    }

    void back_off() noexcept {
        const Pacing pacing = pace_restart(s.short_runs, s.last_lived, policy.pacing);
        s.restarts = pacing.short_runs == 0 ? 1 : s.restarts + 1;
        s.short_runs = pacing.short_runs;
        if (pacing.wait == Duration::zero()) {
            begin();
            return;
        }
        s.state = ServiceState::Backoff;
        arm(TimerKind::Backoff, pacing.wait);
    }

    void send_signal(int number) noexcept {
        if (s.pid == 0) {
            ignore();
            return;
        }
        if (number == SIGSTOP) {
            s.paused = true;
        } else if (number == SIGCONT || number == SIGKILL) {
            s.paused = false;
        }
        kill(number, Target::Process);
    }
};

}  // namespace mainstay::supervisor
