/// notify: what a service could say of itself, said for it, as by a script that knows.
#include "supervisor/jobs.h"
#include "supervisor/service_selection.h"
#include "supervisor/status_view.h"

namespace mainstay::supervisor {
namespace {

using protocol::ErrorCode;
using protocol::ExitCode;

}  // namespace

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
        if (!is_running(service->snapshot.state)) {
            complain(
                encode(protocol::ServiceError{request.id, each.name, ErrorCode::NotUp,
                                              "not running, so there is nothing to be told of it",
                                              view_of(*service, os.services, os.clock)}),
                ErrorCode::NotUp);
            continue;
        }
        if (request.ready) {
            os.services.post(each.id, BecameReady{service->snapshot.generation});
        }
        protocol::append_service(out, request.id, view_of(*service, os.services, os.clock));
    }
    return out + encode(protocol::Done{request.id, exit});
}

}  // namespace mainstay::supervisor
