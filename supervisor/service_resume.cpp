/// PURE. What is to be done about a service that a dead supervisor left in any state.
#include "supervisor/service_transition.h"

namespace mainstay::supervisor {
namespace {

bool was_told_to_end(const Snapshot& s) noexcept {
    return s.state == ServiceState::Stopping && s.stop_stage == StopStage::Terminate;
}

/// Not where they may have been told: somebody may have told one of them otherwise since.
void repeat_for_members(Transition& t) noexcept {
    if (t.s.state == ServiceState::Stopping && t.s.stop_stage == StopStage::Members) {
        t.emit(StopMembers{});
    } else if (t.s.state == ServiceState::Waiting && t.s.members_started) {
        t.emit(StartMembers{});
    }
}

}  // namespace

/// A signal may come twice: better than never.
void Transition::repeat() noexcept {
    if (is_resting(s.state) || s.state == ServiceState::Waiting) {
        // Only a failure program may go on; everything else that rests was told to end.
        const bool may_run = s.state == ServiceState::Failed && s.auxiliary == Role::Failure;
        if (!may_run) {
            signal_auxiliary(SIGKILL, Target::Group);
        }
    } else if (was_told_to_end(s)) {
        terminate(s.sent_signal != 0 ? s.sent_signal : policy.stop_signal);
    } else if (s.state == ServiceState::Stopping && s.stop_stage == StopStage::Kill) {
        kill_groups();
    } else if (s.state == ServiceState::Stopping && s.stop_stage == StopStage::Drain) {
        emit(CloseInput{});
    } else if (s.state == ServiceState::Stopping && s.stop_stage == StopStage::Program &&
               s.auxiliary != Role::Stop) {
        signal_auxiliary(SIGKILL, Target::Group);
    }
    if (s.state == ServiceState::Failed && s.obstacle == Obstacle::None &&
        policy.on_failure != FailureAction::None && policy.on_failure != FailureAction::Exec) {
        emit(TakeDown{policy.on_failure});
    }
}

Effects resume(const Snapshot& snapshot, const Policy& policy, Performed performed) noexcept {
    Transition transition{snapshot, policy};
    const Snapshot& s = snapshot;
    if (performed == Performed::Unknown) {
        if (s.wanted != Wanted::Down && !is_resting(s.state) && !s.listening) {
            transition.emit(StartNeeds{});
        }
        transition.repeat();
        repeat_for_members(transition);
    }
    if (s.state == ServiceState::Stopping && s.stop_stage == StopStage::Dependents) {
        transition.emit(CheckDependents{});
    } else if (s.listening) {
        if (!s.has_auxiliary) {
            transition.emit(Listen{});
        }
    } else if (s.state == ServiceState::Waiting && !s.members_started) {
        transition.emit(CheckNeeds{});
    }
    return transition.effects;
}

bool is_to_be_performed(const Effect& effect) noexcept {
    const bool is_seen_to =
        std::holds_alternative<Arm>(effect) || std::holds_alternative<Disarm>(effect) ||
        std::holds_alternative<Spawn>(effect) || std::holds_alternative<CheckNeeds>(effect) ||
        std::holds_alternative<Listen>(effect) || std::holds_alternative<CheckDependents>(effect);
    return !is_seen_to;
}

}  // namespace mainstay::supervisor
