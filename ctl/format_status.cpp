#include "ctl/format_status.h"

#include <utility>

#include "common/units.h"
#include "ctl/describe.h"
#include "ctl/hint.h"
#include "ctl/text.h"

namespace mainstay::ctl {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kLabelColumn = 12;  ///< "  last run: "

/// Whether another service is shown with its state.
enum class RelatedText : std::uint8_t { NameOnly, WithState };

/// How many restarts there may be, where the supervisor told: ", no limit".
std::string limit_text(const ServiceView& view) {
    const auto& restart = view.details().restart;
    if (!restart) {
        return {};
    }
    if (restart->limit_count == 0) {
        return ", no limit";
    }
    return ", at most " + std::to_string(restart->limit_count) + " in " +
           std::string(to_short_text(restart->limit_interval).view());
}

/// "web: backoff for 12 s, next start in 8 s (7th restart)"
std::string headline(const ServiceView& view, const Style& style) {
    std::string line = coloured(visible(view.name, style.charset), Colour::Bold, style);
    line.append(": ").append(coloured(to_string(view.state), colour_of(standing(view)), style));
    line.append(" for ").append(to_short_text(view.since).view());
    if (view.is_paused) {
        line.append(", paused");
    }
    if (view.pid != 0) {
        line.append(", pid ").append(std::to_string(view.pid));
    }
    if (view.state == ServiceState::Up) {
        line.append(", not ready yet");
    }
    if (view.state == ServiceState::Backoff) {
        line.append(", ").append(next_start_text(view, " restart" + limit_text(view)));
    } else if (view.deadline) {
        const bool is_start = view.state == ServiceState::Up ||
                              view.state == ServiceState::Starting ||
                              view.state == ServiceState::Waiting;
        line.append(is_start ? ", " : ", KILL in ").append(countdown_text(*view.deadline));
        line.append(is_start ? " left" : "");
    }
    line.append(view.is_reloading ? ", reloading" : "");
    return line.append("\n");
}

/// "Shop front, /etc/sv/web, enabled"
std::string identity(const ServiceView& view) {
    std::string line;
    for (const std::string& part : {view.description, view.directory}) {
        if (!part.empty()) {
            line.append(part).append(", ");
        }
    }
    line.append(view.is_enabled ? "enabled" : "not enabled");
    if (view.has_down_file) {
        line.append(", down file: not started at boot");
    }
    return line;
}

std::string labelled(std::string_view label, std::string_view text, const Style& style) {
    const std::size_t room = style.width > kLabelColumn ? style.width - kLabelColumn : 1;
    std::string line = pad("  " + std::string(label), kLabelColumn);
    line.append(line.back() == ' ' ? "" : " ");
    line.append(style.width == kNoWidthLimit
                    ? visible(text, style.charset)
                    : fit(visible(text, style.charset), room, style.charset));
    return line.append("\n");
}

/// What is to be read to its end: goes on in further lines where it is too long for one.
std::string told(std::string_view label, std::string_view text, const Style& style) {
    const std::size_t room =
        style.width > kLabelColumn ? style.width - kLabelColumn : kNoWidthLimit;
    std::string lines;
    for (const std::string& line : wrap(visible(text, style.charset), room)) {
        const std::string start = lines.empty() ? "  " + std::string(label) : std::string();
        lines.append(pad(start, kLabelColumn)).append(line).append("\n");
    }
    return lines;
}

std::string last_run(const ServiceView& view, LocalTime now) {
    const Death& death = *view.last_death;
    std::string text =
        lasted_text(death.lived) + ", " + death_text(death) + ", at " + moment_text(now, death.ago);
    const std::uint32_t count = view.details().death_count;
    if (count > 1) {
        text.append(" (").append(std::to_string(count)).append(" deaths, see svctl deaths ");
        text.append(view.name).append(")");
    }
    return text;
}

bool wants_otherwise(const ServiceView& view) noexcept {
    const bool heads_up = view.state != ServiceState::Down &&
                          view.state != ServiceState::Stopping &&
                          view.state != ServiceState::Finishing;
    return view.wanted == Wanted::Once || heads_up != (view.wanted != Wanted::Down);
}

std::string logger_line(const LoggerView& logger) {
    std::string text(to_string(logger.state));
    if (logger.pid != 0) {
        text.append(", pid ").append(std::to_string(logger.pid));
    }
    return text;
}

/// What it is, how it says that it is ready, what it says of itself.
std::string nature(const ServiceView& view, const Style& style) {
    const ServiceDetails& details = view.details();
    std::string lines;
    if (!view.type.empty()) {
        lines.append(labelled("type:", view.type, style));
    }
    const bool is_told = !details.readiness.empty() && details.readiness != "exec";
    if (is_told) {
        lines.append(labelled("ready:", "told by " + details.readiness, style));
    }
    if (details.restart && details.restart->policy != "always") {
        lines.append(labelled("restart:", details.restart->policy, style));
    }
    if (details.watchdog) {
        lines.append(labelled("watchdog:", to_short_text(*details.watchdog).view(), style));
    }
    if (!view.status_text.empty()) {
        lines.append(labelled("says:", view.status_text, style));
    }
    if (!view.notify_error.empty()) {
        lines.append(labelled("reports:", view.notify_error, style));
    }
    return lines;
}

std::string joined(const std::vector<RelatedView>& services, RelatedText how) {
    std::string text;
    for (const RelatedView& service : services) {
        text.append(text.empty() ? "" : ", ");
        text.append(how == RelatedText::WithState ? related_text(service) : service.name);
    }
    return text;
}

/// "  needs:    db (starting)   needed by: api" and the other relations.
std::string relations(const ServiceView& view, const Style& style) {
    const ServiceDetails& details = view.details();
    const std::string needed_by = joined(details.needed_by, RelatedText::NameOnly);
    std::string lines;
    if (!details.needs.empty()) {
        const std::string needs = joined(details.needs, RelatedText::WithState);
        lines.append(labelled(
            "needs:", needed_by.empty() ? needs : needs + "   needed by: " + needed_by, style));
    } else if (!needed_by.empty()) {
        lines.append(labelled("needed by:", needed_by, style));
    }
    const std::pair<const char*, const std::vector<RelatedView>*> others[] = {
        {"wants:", &details.wants},     {"after:", &details.after},
        {"before:", &details.before},   {"conflicts:", &details.conflicts},
        {"members:", &details.members},
    };
    for (const auto& [label, services] : others) {
        if (!services->empty()) {
            lines.append(labelled(label, joined(*services, RelatedText::WithState), style));
        }
    }
    return lines;
}

/// "12.3 MiB of memory (at most 40 MiB), 3 tasks, 1.50 s of CPU"
std::string usage_text(const UsageView& usage) {
    std::string text;
    const auto part = [&](const std::string& phrase) {
        text.append(text.empty() ? "" : ", ").append(phrase);
    };
    if (usage.memory_bytes) {
        const std::string peak = usage.memory_peak_bytes
                                     ? " (at most " + size_text(*usage.memory_peak_bytes) + ")"
                                     : std::string();
        part(size_text(*usage.memory_bytes) + " of memory" + peak);
    }
    if (usage.tasks) {
        part(std::to_string(*usage.tasks) + (*usage.tasks == 1 ? " task" : " tasks"));
    }
    if (usage.cpu_microseconds) {
        part(lasted_text(milliseconds(*usage.cpu_microseconds / 1000)) + " of CPU");
    }
    return text;
}

/// "3 processes WHAT 5 6 8 ..."
std::string counted_pids(std::uint32_t count, const char* what, std::size_t most,
                         const std::vector<std::int32_t>& pids) {
    std::string text = std::to_string(count);
    text.append(count == 1 ? " process " : " processes ").append(what);
    for (const std::int32_t pid : pids) {
        text.append(" ").append(std::to_string(pid));
    }
    return text.append(most > pids.size() ? " ..." : "");
}

std::string processes(const ServiceView& view, const Style& style) {
    const ServiceDetails& details = view.details();
    std::string lines;
    if (const std::string usage = usage_text(details.usage); !usage.empty()) {
        lines.append(labelled("uses:", usage, style));
    }
    if (details.leftovers.count > 0) {
        lines.append(labelled("left:",
                              counted_pids(details.leftovers.count, "of earlier runs: pid",
                                           details.leftovers.count, details.leftovers.pids),
                              style));
    }
    if (details.zombies.count > 0) {
        lines.append(labelled("zombies:",
                              counted_pids(details.zombies.count, "ended and not waited for by pid",
                                           0, details.zombies.parents),
                              style));
    }
    return lines;
}

}  // namespace

std::string format_log(const ServiceView& view, std::string_view label, const Style& style) {
    std::string lines;
    for (const std::string& line : view.log_lines) {
        lines.append(labelled(lines.empty() ? label : "", line, style));
    }
    return lines;
}

std::string format_status(const ServiceView& view, LocalTime now, const Style& style) {
    std::string page = headline(view, style);
    page.append("  ").append(visible(identity(view), style.charset)).append("\n");
    if (wants_otherwise(view)) {
        page.append(labelled("wanted:", to_string(view.wanted), style));
    }
    for (const BlockerView& blocker : view.blockers) {
        page.append(labelled("waits:", blocker_text(blocker), style));
    }
    if (!view.cause.empty() && view.blockers.empty()) {
        page.append(told("cause:", view.cause, style));
    }
    if (view.exec_failure) {
        page.append(told("start:", death_text(view), style));
    }
    if (view.last_death) {
        page.append(labelled("last run:", last_run(view, now), style));
    }
    if (view.logger) {
        page.append(labelled("logger:", logger_line(*view.logger), style));
    }
    page.append(nature(view, style)).append(relations(view, style));
    page.append(processes(view, style)).append(format_log(view, "log:", style));
    const std::string hint = hint_for(view);
    return hint.empty() ? page : page.append(told("hint:", hint, style));
}

}  // namespace mainstay::ctl
