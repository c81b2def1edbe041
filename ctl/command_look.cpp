#include <algorithm>
#include <array>

#include "common/boot_times.h"
#include "common/fd_io.h"
#include "common/paths.h"
#include "ctl/commands.h"
#include "ctl/explain.h"
#include "ctl/format_boot.h"
#include "ctl/format_deaths.h"
#include "ctl/format_outcome.h"
#include "ctl/format_status.h"
#include "ctl/format_table.h"
#include "ctl/format_tree.h"
#include "ctl/terminal.h"
#include "ctl/text.h"

namespace mainstay::ctl {
namespace {

using protocol::ErrorCode;
using protocol::ExitCode;
using protocol::ServiceError;
using protocol::ServiceReply;

/// What a command that looks gathers before it can lay out anything.
struct Gathered {
    std::vector<ServiceView> views;
    std::optional<SystemView> system;
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
        } else if (auto* system = std::get_if<protocol::SystemReply>(&reply)) {
            gathered.system = std::move(system->system);
        } else if (const auto* error = std::get_if<ServiceError>(&reply)) {
            output.complain(format_failure(order, *error, output.error_style()));
        }
    });
    return gathered;
}

/// Complains of names of the command line that no view has. @returns whether all are there.
bool are_known(Session& session, const std::vector<ServiceView>& views) {
    bool all = true;
    for (const std::string& name : session.invocation().services) {
        const bool is_there = std::any_of(
            views.begin(), views.end(), [&](const ServiceView& view) { return view.name == name; });
        if (!is_there) {
            const ServiceError error{0, name, ErrorCode::UnknownService, "", std::nullopt};
            session.output().complain(
                format_failure({"", 0}, error, session.output().error_style()));
        }
        all = all && is_there;
    }
    return all;
}

/// What PID 1 itself recovered from, in its own words; empty where it did not have to.
std::string recovered_line(const Style& style) {
    std::array<char, 512> buffer;
    const auto text = read_file(kRecoveredFile, buffer);
    if (!text || text->empty()) {
        return {};
    }
    const std::string line = visible(text->substr(0, text->find('\n')), style.charset);
    return coloured(line, Colour::Red, style).append("\n");
}

/// When PID 1 of this machine got how far; nothing where it is another's.
BootTimes boot_times() {
    std::array<char, 512> buffer;
    const auto text = read_file(kTimesFile, buffer);
    return text ? parse_boot_times(*text) : BootTimes{};
}

}  // namespace

ExitCode run_status(Session& session) {
    const Gathered gathered = gather(session);
    const auto& views = gathered.views;
    Output& output = session.output();
    const bool shows_all = session.invocation().services.empty();
    if (session.is_json() && shows_all && gathered.exit == ExitCode::Done) {
        output.print(format_boot_json(boot_times()));
    }
    if (session.is_json() || (views.empty() && gathered.exit != ExitCode::Done)) {
        return gathered.exit;
    }
    if (!shows_all && views.size() == 1) {
        output.print(format_status(views.front(), local_now(), output.style()));
        return gathered.exit;
    }
    if (gathered.system) {
        output.print(format_system(*gathered.system, output.style()));
        output.print(format_boot(boot_times(), output.style()));
        output.print(recovered_line(output.style()));
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

ExitCode run_tree(Session& session) {
    const Gathered gathered = gather(session);
    if (session.is_json() || gathered.exit != ExitCode::Done) {
        return gathered.exit;
    }
    if (!are_known(session, gathered.views)) {
        return ExitCode::NoSuchService;
    }
    session.output().print(
        format_tree(gathered.views, session.invocation().services, session.output().style()));
    return ExitCode::Done;
}

ExitCode run_why(Session& session) {
    const Gathered gathered = gather(session);
    if (session.is_json() || gathered.exit != ExitCode::Done) {
        return gathered.exit;
    }
    if (!are_known(session, gathered.views)) {
        return ExitCode::NoSuchService;
    }
    session.output().print(
        explain(gathered.views, session.invocation().services.front(), session.output().style()));
    return ExitCode::Done;
}

ExitCode run_deaths(Session& session) {
    const Gathered gathered = gather(session);
    if (!session.is_json()) {
        session.output().print(
            format_deaths(gathered.views, local_now(), session.output().style()));
    }
    return gathered.exit;
}

}  // namespace mainstay::ctl
