#include "ctl/format_status.h"

#include "common/units.h"
#include "ctl/describe.h"
#include "ctl/text.h"

namespace mainstay::ctl {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kLabelColumn = 12;  ///< "  last run: "

/// "12:03:11", with the date before it when that was another day.
std::string moment_text(LocalTime now, milliseconds ago) {
    using std::chrono::days;
    const LocalTime moment = now - std::chrono::duration_cast<seconds>(ago);
    const auto day = std::chrono::floor<days>(moment);
    FixedString<48> text;
    if (day != std::chrono::floor<days>(now)) {
        const std::chrono::year_month_day date{std::chrono::sys_days(day)};
        text.append_format("%d-%02u-%02u ", static_cast<int>(date.year()),
                           static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    }
    const auto second = static_cast<int>((moment - day).count());
    text.append_format("%02d:%02d:%02d", second / 3600, second / 60 % 60, second % 60);
    return std::string(text.view());
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
    if (view.state == ServiceState::Backoff) {
        line.append(", ").append(next_start_text(view, " restart"));
    } else if (view.deadline) {
        line.append(", KILL in ").append(countdown_text(*view.deadline));
    }
    if (view.state == ServiceState::Up) {
        line.append(", not ready yet");
    }
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
    line.append(style.width == kNoWidthLimit
                    ? visible(text, style.charset)
                    : fit(visible(text, style.charset), room, style.charset));
    return line.append("\n");
}

std::string last_run(const ServiceView& view, LocalTime now) {
    const Death& death = *view.last_death;
    return lasted_text(death.lived) + ", " + std::string(to_text(death.status).view()) + ", at " +
           moment_text(now, death.ago);
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
    if (!view.cause.empty()) {
        page.append(labelled("cause:", view.cause, style));
    }
    if (view.exec_failure) {
        page.append(labelled("start:", death_text(view), style));
    }
    if (view.last_death) {
        page.append(labelled("last run:", last_run(view, now), style));
    }
    if (view.logger) {
        page.append(labelled("logger:", logger_line(*view.logger), style));
    }
    return page.append(format_log(view, "log:", style));
}

}  // namespace mainstay::ctl
