#include "ctl/commands.h"
#include "ctl/format_outcome.h"
#include "ctl/format_status.h"
#include "ctl/format_table.h"
#include "ctl/terminal.h"

namespace mainstay::ctl {
namespace {

using protocol::ExitCode;
using protocol::ServiceError;
using protocol::ServiceReply;

/// What a command that looks gathers before it can lay out anything.
struct Gathered {
    std::vector<ServiceView> views;
    ExitCode exit = ExitCode::Done;
};

/// Asks, keeps the views, and complains of services that cannot be shown.
Gathered gather(Session& session) {
    Gathered gathered;
    Output& output = session.output();
    const Order order{row_of(session.invocation().command).name};
    gathered.exit = session.ask([&](protocol::Reply&& reply) {
        if (auto* service = std::get_if<ServiceReply>(&reply)) {
            gathered.views.push_back(std::move(service->view));
        } else if (const auto* error = std::get_if<ServiceError>(&reply)) {
            output.complain(format_failure(order, *error, output.error_style()));
        }
    });
    return gathered;
}

}  // namespace

ExitCode run_status(Session& session) {
    const Gathered gathered = gather(session);
    const auto& views = gathered.views;
    if (session.is_json() || (views.empty() && gathered.exit != ExitCode::Done)) {
        return gathered.exit;
    }
    Output& output = session.output();
    const bool shows_all = session.invocation().services.empty();
    if (!shows_all && views.size() == 1) {
        output.print(format_status(views.front(), local_now(), output.style()));
        return gathered.exit;
    }
    output.print(format_table(views, output.style()));
    if (shows_all) {
        output.print(format_summary(views, output.style()));
    }
    return gathered.exit;
}

ExitCode run_list(Session& session) {
    const Gathered gathered = gather(session);
    if (!session.is_json()) {
        session.output().print(format_names(gathered.views, session.output().style()));
    }
    return gathered.exit;
}

}  // namespace mainstay::ctl
