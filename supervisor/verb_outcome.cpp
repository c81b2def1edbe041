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
        case ServiceState::Down:
        case ServiceState::Waiting:
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
    switch (verb) {
        case protocol::Verb::Down:
            return judge_down(snapshot);
        case protocol::Verb::Up:
        case protocol::Verb::Restart:
        case protocol::Verb::Once:
            return judge_start(snapshot, policy, lived);
        case protocol::Verb::Status:
        case protocol::Verb::List:
        case protocol::Verb::Signal:
        case protocol::Verb::Version:
            return {Kind::Arrived, {}};
    }
    return {};
}

}  // namespace mainstay::supervisor
