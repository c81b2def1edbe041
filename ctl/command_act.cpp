#include "ctl/commands.h"
#include "ctl/format_outcome.h"

namespace mainstay::ctl {

protocol::ExitCode run_act(Session& session) {
    const Invocation& invocation = session.invocation();
    const Order order{row_of(invocation.command).name, invocation.signal};
    Output& output = session.output();
    return session.ask([&](protocol::Reply&& reply) {
        if (const auto* service = std::get_if<protocol::ServiceReply>(&reply)) {
            output.print(format_success(order, service->view, output.style()));
            output.flush();
        } else if (const auto* error = std::get_if<protocol::ServiceError>(&reply)) {
            output.complain(format_failure(order, *error, output.error_style()));
        }
    });
}

}  // namespace mainstay::ctl
