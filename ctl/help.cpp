#include "ctl/help.h"

#include "ctl/text.h"

namespace mainstay::ctl {
namespace {

constexpr std::string_view kUsage = "usage: svctl [OPTION...] [COMMAND [SERVICE...]]\n";

constexpr std::string_view kEnd =
    "Without a command: status. A command may be cut as long as it is clear which one is meant.\n"
    "SERVICE may be a pattern such as 'web*'.\n"
    "Exit: 0 done, 1 a service failed, 2 usage, 3 not up, 4 no such service, 5 not permitted,\n"
    "6 timed out, 100 no supervisor.\n";

constexpr std::size_t kSynopsisColumn = 36;
constexpr std::size_t kOptionColumn = 20;

std::string heading(Group group) {
    switch (group) {
        case Group::Look:
            return "Look:\n";
        case Group::Act:
            return "Act:\n";
        case Group::Signals:
            return "Send a signal to the main process:\n";
        case Group::Ask:
            return "Ask, and wait:\n";
        case Group::Configure:
            return "Configure:\n";
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

/// "  -n, --lines N   the newest N lines", the summary's further lines below its first.
std::string option_lines(const OptionRow& row) {
    std::string text = "  ";
    if (!row.letter.empty()) {
        text.append(row.letter).append(", ");
    }
    text.append(row.name);
    if (!row.value.empty()) {
        text.append(" ").append(row.value);
    }
    text = pad(text, kOptionColumn);
    for (const char c : row.summary) {
        text.push_back(c);
        if (c == '\n') {
            text.append(kOptionColumn, ' ');
        }
    }
    return text.append("\n");
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
    text.append("\nOptions:\n");
    for (const OptionRow& row : option_rows()) {
        text.append(option_lines(row));
    }
    return text.append("\n").append(kEnd);
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
    std::string options;
    for (const OptionRow& option : option_rows()) {
        const bool is_own = (row.options & bit_of(option.option)) != 0 ||
                            (option.option == Option::Timeout && row.waits == Waits::Yes);
        options.append(is_own ? option_lines(option) : "");
    }
    return options.empty() ? text : text.append("\n").append(options);
}

}  // namespace

std::string help_text(std::optional<Command> topic) {
    return topic ? page_of(row_of(*topic)) : overview();
}

}  // namespace mainstay::ctl
