#include "supervisor/verb_outcome.h"

namespace mainstay::supervisor {
namespace {

using Kind = VerbOutcome::Kind;

VerbOutcome judge_down(const Snapshot& snapshot) noexcept {
    if (snapshot.wanted != Wanted::Down) {
        return {Kind::Superseded, {}};
    }
    return {snapshot.state == ServiceState::Down ? Kind::Arrived : Kind::Pending, {}};
}

VerbOutcome judge_ready(const Policy& policy, Duration lived) noexcept {
    if (policy.readiness == Readiness::Exec && lived < kLongEnoughToCount) {
        return {Kind::NeedsTime, kLongEnoughToCount - lived};
    }
    return {Kind::Arrived, {}};
}

VerbOutcome judge_start(const Snapshot& snapshot, const Policy& policy, Duration lived) noexcept {
    if (snapshot.wanted == Wanted::Down) {
        return {Kind::Superseded, {}};
    }
    switch (snapshot.state) {
        case ServiceState::Ready:
            return judge_ready(policy, lived);
        case ServiceState::Done:
            return {Kind::Arrived, {}};
        case ServiceState::Backoff:
        case ServiceState::Failed:
            return {Kind::Failed, {}};
        case ServiceState::Waiting:
            return {snapshot.listening ? Kind::Arrived : Kind::Pending, {}};
        case ServiceState::Down:
        case ServiceState::Starting:
        case ServiceState::Up:
        case ServiceState::Stopping:
        case ServiceState::Finishing:
            return {Kind::Pending, {}};
    }
    return {};
}

}  // namespace

VerbOutcome judge(protocol::Verb verb, const Snapshot& snapshot, const Policy& policy,
                  Duration lived) noexcept {
    using protocol::Verb;
    if (verb == Verb::Down) {
        return judge_down(snapshot);
    }
    const bool is_start =
        verb == Verb::Up || verb == Verb::Restart || verb == Verb::TryRestart || verb == Verb::Once;
    // Every other verb is done as soon as it is told.
    return is_start ? judge_start(snapshot, policy, lived) : VerbOutcome{Kind::Arrived, {}};
}

GoalOutcome judge(protocol::Goal goal, const Snapshot& snapshot) noexcept {
    const ServiceState state = snapshot.state;
    if (goal == protocol::Goal::Down) {
        return is_resting(state) ? GoalOutcome::Reached : GoalOutcome::Pending;
    }
    const bool is_there = state == ServiceState::Ready || state == ServiceState::Done ||
                          (goal == protocol::Goal::Up && state == ServiceState::Up);
    if (is_there) {
        return GoalOutcome::Reached;
    }
    return state == ServiceState::Failed ? GoalOutcome::Unreachable : GoalOutcome::Pending;
}

}  // namespace mainstay::supervisor
