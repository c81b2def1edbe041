#include "supervisor/service_state.h"

#include "supervisor/service_transition.h"

namespace mainstay::supervisor {
namespace {

void dispatch(Transition& t, const Event& event) noexcept {
    if (t.is_group()) {
        return on_group(t, event);
    }
    switch (t.s.state) {
        case ServiceState::Down:
        case ServiceState::Failed:
        case ServiceState::Done:
            return on_resting(t, event);
        case ServiceState::Waiting:
            return on_waiting(t, event);
        case ServiceState::Starting:
            return on_starting(t, event);
        case ServiceState::Up:
        case ServiceState::Ready:
            return on_running(t, event);
        case ServiceState::Stopping:
            return on_stopping(t, event);
        case ServiceState::Finishing:
            return on_finishing(t, event);
        case ServiceState::Backoff:
            return on_backoff(t, event);
    }
}

}  // namespace

Step step(const Snapshot& snapshot, const Event& event, const Policy& policy) noexcept {
    Transition transition{snapshot, policy};
    dispatch(transition, event);
    return {transition.s, transition.effects, transition.ignored};
}

bool is_resting(ServiceState state) noexcept {
    return state == ServiceState::Down || state == ServiceState::Failed ||
           state == ServiceState::Done;
}

bool is_running(ServiceState state) noexcept {
    return state == ServiceState::Up || state == ServiceState::Ready;
}

std::string_view to_string(ServiceType type) noexcept {
    switch (type) {
        case ServiceType::Longrun:
            return "longrun";
        case ServiceType::Oneshot:
            return "oneshot";
        case ServiceType::Group:
            return "group";
    }
    return "";
}

std::string_view to_string(RestartPolicy policy) noexcept {
    switch (policy) {
        case RestartPolicy::Always:
            return "always";
        case RestartPolicy::OnFailure:
            return "on-failure";
        case RestartPolicy::Never:
            return "never";
    }
    return "";
}

std::string_view to_string(FailureAction action) noexcept {
    switch (action) {
        case FailureAction::None:
            return "none";
        case FailureAction::Reboot:
            return "reboot";
        case FailureAction::Poweroff:
            return "poweroff";
        case FailureAction::Exit:
            return "exit";
        case FailureAction::Exec:
            return "exec";
    }
    return "";
}

std::string_view to_string(Readiness readiness) noexcept {
    switch (readiness) {
        case Readiness::Exec:
            return "exec";
        case Readiness::Descriptor:
            return "fd";
        case Readiness::Notify:
            return "notify";
        case Readiness::Check:
            return "check";
    }
    return "";
}

std::string_view to_string(Role role) noexcept {
    switch (role) {
        case Role::Setup:
            return "setup";
        case Role::Run:
            return "run";
        case Role::Stop:
            return "stop";
        case Role::Finish:
            return "finish";
        case Role::Reload:
            return "reload";
        case Role::Failure:
            return "failure";
    }
    return "";
}

}  // namespace mainstay::supervisor
