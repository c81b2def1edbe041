#include "ctl/help.h"

#include "ctl/text.h"

namespace mainstay::ctl {
namespace {

constexpr std::string_view kUsage =
    "usage: svctl [--control SOCKET] [--json] [--no-wait] [--timeout TIME] [COMMAND "
    "[SERVICE...]]\n";

constexpr std::string_view kOptions =
    "  --control SOCKET  the supervisor's socket; else SVCTL_SOCKET, /run/mainstay/control, or "
    "for\n"
    "                    a user that is not root $XDG_RUNTIME_DIR/mainstay/control\n"
    "  --json            one JSON object a line, for programs\n"
    "  --no-wait         do not wait until services have started or stopped\n"
    "  --timeout TIME    wait no longer than TIME: 5, 500ms, 2min, 1h, infinity\n"
    "  --help, --version\n";

constexpr std::string_view kEnd =
    "Without a command: status. A command may be cut as long as it is clear which one is meant.\n"
    "SERVICE may be a pattern such as 'web*'.\n"
    "Exit: 0 done, 1 a service failed, 2 usage, 3 not up, 4 no such service, 5 not permitted,\n"
    "6 timed out, 100 no supervisor.\n";

constexpr std::size_t kSynopsisColumn = 28;

std::string heading(Group group) {
    switch (group) {
        case Group::Look:
            return "Look:\n";
        case Group::Act:
            return "Act, and wait for the result:\n";
        case Group::Signals:
            return "Send a signal to the main process:\n";
        case Group::System:
            return "Other:\n";
    }
    return {};
}

/// "up, start SERVICE..."
std::string synopsis(const CommandRow& row) {
    std::string text(row.name);
    if (!row.alias.empty()) {
        text.append(", ").append(row.alias);
    }
    const std::string_view arguments = argument_text(row.arguments);
    if (!arguments.empty()) {
        text.append(" ").append(arguments);
    }
    return text;
}

std::string overview() {
    std::string text(kUsage);
    std::optional<Group> group;
    for (const CommandRow& row : command_rows()) {
        if (row.group != group) {
            group = row.group;
            text.append("\n").append(heading(*group));
        }
        text.append(pad("  " + synopsis(row), kSynopsisColumn)).append(row.summary).append("\n");
    }
    return text.append("\nOptions:\n").append(kOptions).append("\n").append(kEnd);
}

std::string page_of(const CommandRow& row) {
    std::string text = "usage: svctl [OPTION...] " + std::string(row.name);
    const std::string_view arguments = argument_text(row.arguments);
    if (!arguments.empty()) {
        text.append(" ").append(arguments);
    }
    text.append("\n\n").append(row.name).append(": ").append(row.summary).append(".\n");
    if (!row.alias.empty()) {
        text.append("The same as ").append(row.alias).append(".\n");
    }
    if (!row.details.empty()) {
        text.append(row.details).append("\n");
    }
    if (row.waits == Waits::Yes) {
        text.append("--no-wait does not wait, --timeout TIME not longer than that.\n");
    }
    return text;
}

}  // namespace

std::string help_text(std::optional<Command> topic) {
    return topic ? page_of(row_of(*topic)) : overview();
}

}  // namespace mainstay::ctl
