/// notify: what a service could say of itself, said for it, as by a script that knows.
#include <algorithm>

#include "supervisor/jobs.h"
#include "supervisor/service_selection.h"
#include "supervisor/status_view.h"

namespace mainstay::supervisor {
namespace {

using protocol::ErrorCode;
using protocol::ExitCode;

NotifyPhase phase_of(const protocol::Request& request) noexcept {
    if (request.reloading) {
        return NotifyPhase::Reloading;
    }
    if (request.stopping) {
        return NotifyPhase::Stopping;
    }
    return request.ready ? NotifyPhase::Ready : NotifyPhase::None;
}

/// As if it had come on the service's notify socket.
NotifyMessage message_of(const protocol::Request& request) {
    NotifyMessage message;
    message.phase = phase_of(request);
    if (request.status_text) {
        message.status = shown_text(*request.status_text);
    }
    return message;
}

/// What its run script says at once may come before the report that the script was executed.
bool may_be_told_of(const Snapshot& snapshot) noexcept {
    return is_running(snapshot.state) ||
           (snapshot.state == ServiceState::Starting && snapshot.pid > 0);
}

}  // namespace

bool is_own_notify(const ControlHandler::Ports& os, const protocol::Request& request,
                   std::uint32_t uid) {
    return request.verb == protocol::Verb::Notify &&
           std::all_of(request.services.begin(), request.services.end(),
                       [&](const std::string& name) {
                           const Service* service = os.services.find(name);
                           return service != nullptr && service->snapshot.pid > 0 &&
                                  os.family.uid_of(service->snapshot.pid) == uid;
                       });
}

std::string notify(ControlHandler& handler, const protocol::Request& request) {
    const ControlHandler::Ports& os = handler.os();
    std::string out;
    ExitCode exit = ExitCode::Done;
    const auto complain = [&](const std::string& line, ErrorCode code) {
        out += line;
        exit = worse_of(exit, exit_code(code));
    };
    for (const Selected& each : select_services(os.services, request.services)) {
        const Service* service = os.services.find(each.id);
        if (service == nullptr) {
            complain(unknown_service(os.services, request.id, each.name),
                     ErrorCode::UnknownService);
            continue;
        }
        if (!may_be_told_of(service->snapshot)) {
            complain(
                encode(protocol::ServiceError{request.id, each.name, ErrorCode::NotUp,
                                              "not running, so there is nothing to be told of it",
                                              view_of(*service, os.services, os.clock)}),
                ErrorCode::NotUp);
            continue;
        }
        os.services.service_said({each.id, service->snapshot.generation}, message_of(request));
        protocol::append_service(out, request.id, view_of(*service, os.services, os.clock));
    }
    return out + encode(protocol::Done{request.id, exit});
}

}  // namespace mainstay::supervisor
