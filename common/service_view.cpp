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

const ServiceDetails& ServiceView::details() const noexcept {
    static const ServiceDetails none;
    return own_details ? *own_details : none;
}

namespace {

/// The fields that are not flags or numbers.
bool have_same_parts(const ServiceView& a, const ServiceView& b) {
    return a.next_start == b.next_start && a.deadline == b.deadline &&
           a.last_death == b.last_death && a.exec_failure == b.exec_failure &&
           a.logger == b.logger && a.status_text == b.status_text && a.cause == b.cause &&
           a.blockers == b.blockers && a.log_lines == b.log_lines && a.details() == b.details();
}

}  // namespace

bool operator==(const ServiceView& a, const ServiceView& b) {
    return a.name == b.name && a.description == b.description && a.directory == b.directory &&
           a.type == b.type && a.state == b.state && a.wanted == b.wanted &&
           a.is_paused == b.is_paused && a.is_enabled == b.is_enabled &&
           a.has_down_file == b.has_down_file && a.is_reloading == b.is_reloading &&
           a.is_listening == b.is_listening && a.has_changed == b.has_changed && a.pid == b.pid &&
           a.restarts == b.restarts && a.since == b.since && have_same_parts(a, b);
}

}  // namespace mainstay
