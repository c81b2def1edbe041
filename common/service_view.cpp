#include "common/service_view.h"

namespace mainstay {

std::string_view to_string(ServiceState state) noexcept {
    switch (state) {
        case ServiceState::Down:
            return "down";
        case ServiceState::Waiting:
            return "waiting";
        case ServiceState::Starting:
            return "starting";
        case ServiceState::Up:
            return "up";
        case ServiceState::Ready:
            return "ready";
        case ServiceState::Stopping:
            return "stopping";
        case ServiceState::Finishing:
            return "finishing";
        case ServiceState::Backoff:
            return "backoff";
        case ServiceState::Failed:
            return "failed";
        case ServiceState::Done:
            return "done";
    }
    return {};
}

std::string_view to_string(Wanted wanted) noexcept {
    switch (wanted) {
        case Wanted::Down:
            return "down";
        case Wanted::Up:
            return "up";
        case Wanted::Once:
            return "once";
    }
    return {};
}

}  // namespace mainstay
