#include "ctl/format_table.h"

#include <algorithm>
#include <array>

#include "common/units.h"
#include "ctl/describe.h"
#include "ctl/text.h"

namespace mainstay::ctl {
namespace {

constexpr std::size_t kGap = 1;
constexpr std::size_t kStateColumn = 9;  ///< "finishing"
constexpr std::size_t kNarrowest = 10;   ///< what is left to a name on a narrow terminal
constexpr std::size_t kNameShare = 3;    ///< a name takes at most one third of a line

struct Row {
    std::string name;
    std::string since;
    Standing standing;
    const ServiceView* view;
};

struct Widths {
    std::size_t name = 0;
    std::size_t since = 0;
};

std::vector<Row> make_rows(const std::vector<ServiceView>& views, const Style& style) {
    const std::size_t limit = style.width == kNoWidthLimit
                                  ? kNoWidthLimit
                                  : std::max(kNarrowest, style.width / kNameShare);
    std::vector<Row> rows;
    rows.reserve(views.size());
    for (const ServiceView& view : views) {
        rows.push_back({fit(visible(view.name, style.charset), limit, style.charset),
                        std::string(to_short_text(view.since).view()), standing(view), &view});
    }
    return rows;
}

Widths measure(const std::vector<Row>& rows) {
    Widths widths;
    for (const Row& row : rows) {
        widths.name = std::max(widths.name, columns(row.name));
        widths.since = std::max(widths.since, row.since.size());
    }
    return widths;
}

/// What a line has left for the last column, or nothing; kNoWidthLimit stays.
std::string fitted_detail(const ServiceView& view, std::size_t used, const Style& style) {
    std::string text = visible(detail(view), style.charset);
    if (style.width == kNoWidthLimit) {
        return text;
    }
    return used < style.width ? fit(text, style.width - used, style.charset) : std::string();
}

std::string format_row(const Row& row, const Widths& widths, const Style& style) {
    const std::size_t used = widths.name + kGap + kStateColumn + kGap + widths.since + kGap;
    const std::string shown_detail = fitted_detail(*row.view, used, style);
    std::string line = pad(row.name, widths.name + kGap);
    line.append(
        coloured(pad(to_string(row.view->state), kStateColumn), colour_of(row.standing), style));
    line.append(kGap, ' ');
    line.append(shown_detail.empty() ? row.since : pad(row.since, widths.since + kGap));
    line.append(shown_detail);
    return line.append("\n");
}

/// What a part of the summary counts.
enum class Counted : std::uint8_t { Ready, Listening, OnTheirWay, Done, Failed, Down };
constexpr std::array<std::string_view, 6> kCountedWords{
    "ready", "waiting for connections", "on their way", "done", "failed", "down"};

Counted counted_as(const ServiceView& view) noexcept {
    switch (view.state) {
        case ServiceState::Ready:
            return Counted::Ready;
        case ServiceState::Waiting:
            return view.is_listening ? Counted::Listening : Counted::OnTheirWay;
        case ServiceState::Starting:
        case ServiceState::Up:
        case ServiceState::Stopping:
        case ServiceState::Finishing:
        case ServiceState::Backoff:
            return Counted::OnTheirWay;
        case ServiceState::Done:
            return Counted::Done;
        case ServiceState::Failed:
            return Counted::Failed;
        case ServiceState::Down:
            return Counted::Down;
    }
    return Counted::Failed;
}

}  // namespace

std::string format_table(const std::vector<ServiceView>& views, const Style& style) {
    std::vector<Row> rows = make_rows(views, style);
    std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
        return a.standing != b.standing ? a.standing < b.standing : a.view->name < b.view->name;
    });
    const Widths widths = measure(rows);
    std::string table;
    for (const Row& row : rows) {
        table.append(format_row(row, widths, style));
    }
    return table;
}

std::string format_summary(const std::vector<ServiceView>& views, const Style& style) {
    if (views.empty()) {
        return "no services\n";
    }
    std::array<std::size_t, kCountedWords.size()> counts{};
    std::size_t in_trouble = 0;
    for (const ServiceView& view : views) {
        ++counts.at(static_cast<std::size_t>(counted_as(view)));
        in_trouble += standing(view) == Standing::Trouble ? 1 : 0;
    }
    std::string line = std::to_string(views.size());
    line.append(views.size() == 1 ? " service:" : " services:");
    const char* separator = " ";
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts[i] > 0) {
            line.append(separator).append(std::to_string(counts[i]));
            line.append(" ").append(kCountedWords[i]);
            separator = ", ";
        }
    }
    if (in_trouble > 0) {
        line.append("; ");
        line.append(coloured(std::to_string(in_trouble) + " in trouble", Colour::Red, style));
    }
    return line.append("\n");
}

std::string format_system(const SystemView& system, const Style& style) {
    const std::string host = visible(system.host, style.charset);
    std::string rest = host.empty() ? "running for " : ": running for ";
    rest.append(to_short_text(system.running).view());
    if (system.is_stopping) {
        rest.append(", stopping all services");
    } else if (system.boot_complete) {
        const auto tenths = (system.boot_complete->count() + 50) / 100;
        rest.append(", boot complete ").append(std::to_string(tenths / 10)).append(".");
        rest.append(std::to_string(tenths % 10)).append(" s after start");
    } else {
        rest.append(", boot not complete yet");
    }
    if (style.width != kNoWidthLimit) {
        const std::size_t used = columns(host);
        rest = fit(rest, used < style.width ? style.width - used : 1, style.charset);
    }
    return coloured(host, Colour::Bold, style).append(rest).append("\n");
}

std::string format_names(const std::vector<ServiceView>& views, const Style& style) {
    std::vector<std::string> names;
    names.reserve(views.size());
    for (const ServiceView& view : views) {
        names.push_back(visible(view.name, style.charset));
    }
    std::sort(names.begin(), names.end());
    std::string lines;
    for (const std::string& name : names) {
        lines.append(name).append("\n");
    }
    return lines;
}

}  // namespace mainstay::ctl
