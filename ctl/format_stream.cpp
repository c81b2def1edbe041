#include "ctl/format_stream.h"

#include <algorithm>

#include "common/units.h"
#include "ctl/describe.h"
#include "ctl/text.h"

namespace mainstay::ctl {
namespace {

using std::chrono::milliseconds;

bool is_terminal(const Style& style) noexcept {
    return style.width != kNoWidthLimit;
}

/// "ready, pid 4802", the state in its colour.
std::string state_and_detail(const ServiceView& view, const Style& style) {
    std::string text = coloured(to_string(view.state), colour_of(standing(view)), style);
    const std::string more = view.state == ServiceState::Down ? death_text(view) : detail(view);
    return more.empty() ? text : text.append(", ").append(visible(more, style.charset));
}

/// What happened, behind the name.
std::string event_text(const protocol::EventReply& event, const Style& style) {
    using protocol::EventKind;
    switch (event.kind) {
        case EventKind::Watching:
            return {};
        case EventKind::State:
            return (event.was ? std::string(to_string(*event.was)) + " -> " : std::string()) +
                   (event.view ? state_and_detail(*event.view, style) : "");
        case EventKind::Changed:
            return event.view ? state_and_detail(*event.view, style) : "";
        case EventKind::Added:
            return "added, " + (event.view ? state_and_detail(*event.view, style) : "");
        case EventKind::Removed:
            return "removed";
        case EventKind::Boot:
            return "the boot is complete";
        case EventKind::Lost:
            return std::string(counted(event.lost, "event").view()) + " lost: svctl was too slow";
    }
    return {};
}

/// A deadline that has come nearer since it was told.
std::optional<milliseconds> less(std::optional<milliseconds> time, milliseconds passed) {
    return time ? std::optional(std::max(*time - passed, milliseconds(0))) : time;
}

}  // namespace

std::string format_log_lines(const protocol::LogReply& log, Prefix prefix, const Style& style) {
    const std::string name =
        prefix == Prefix::Name ? visible(log.service, style.charset) + ": " : std::string();
    std::string text;
    if (log.lost_bytes > 0) {
        text.append(name).append("(").append(counted(log.lost_bytes, "byte").view());
        text.append(" lost)\n");
    }
    for (const std::string& line : log.lines) {
        text.append(name).append(is_terminal(style) ? visible(line, style.charset) : line);
        text.append("\n");
    }
    return text;
}

std::string format_logger(const protocol::LogReply& log, const Style& style) {
    const std::string text = log.service + ": its lines go to its logger, " + log.logger +
                             ", whose run program says where they are";
    return visible(text, style.charset) + "\n";
}

std::string format_event(const protocol::EventReply& event, LocalTime now, milliseconds ago,
                         const Style& style) {
    const std::string text = event_text(event, style);
    if (text.empty()) {
        return {};
    }
    const std::string& name = event.view ? event.view->name : event.service;
    std::string line = moment_text(now, ago) + " ";
    if (!name.empty()) {
        line.append(coloured(visible(name, style.charset), Colour::Bold, style)).append(": ");
    }
    return line.append(text).append("\n");
}

std::string format_change(const protocol::ChangeReply& change, const Style& style) {
    std::string line = change.service.empty() ? std::string() : change.service + ": ";
    line.append(change.change);
    for (const std::string& field : change.fields) {
        line.append(&field == &change.fields.front() ? ": " : ", ").append(field);
    }
    if (!change.path.empty()) {
        line.append(", ").append(change.path);
    }
    if (!change.target.empty()) {
        line.append(" -> ").append(change.target);
    }
    if (!change.message.empty()) {
        line.append("; ").append(change.message);
    }
    return visible(line, style.charset) + "\n";
}

std::string progress_text(const protocol::ProgressReply& progress, milliseconds passed,
                          const Style& style) {
    ServiceView view = progress.view;
    view.deadline = less(view.deadline, passed);
    for (BlockerView& blocker : view.blockers) {
        blocker.deadline = less(blocker.deadline, passed);
    }
    std::string text = "waiting for " + view.name + " (" + std::string(to_string(view.state));
    if (!view.blockers.empty()) {
        text.append(", ").append(blocker_text(view.blockers.front()));
    } else if (view.deadline) {
        text.append(", ").append(view.state == ServiceState::Stopping ? "KILL in " : "");
        text.append(countdown_text(*view.deadline));
        text.append(view.state == ServiceState::Stopping ? "" : " left");
    }
    text.append(")");
    if (progress.pending > 1) {
        text.append(" and ").append(std::to_string(progress.pending - 1)).append(" more");
    }
    return fit(visible(text, style.charset), style.width, style.charset);
}

}  // namespace mainstay::ctl
