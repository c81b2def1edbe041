#include "ctl/format_deaths.h"

#include <algorithm>

#include "ctl/describe.h"
#include "ctl/text.h"

namespace mainstay::ctl {
namespace {

struct Row {
    const ServiceView* view;
    const Death* death;
    std::string when;
    std::string name;
    std::string lived;
};

/// Where only the last death is known, it is the only one.
std::vector<Row> rows_of(const std::vector<ServiceView>& views, LocalTime now, const Style& style) {
    std::vector<Row> rows;
    for (const ServiceView& view : views) {
        const auto add = [&](const Death& death) {
            rows.push_back({&view, &death, moment_text(now, death.ago),
                            visible(view.name, style.charset), lasted_text(death.lived)});
        };
        const std::vector<Death>& deaths = view.details().deaths;
        std::for_each(deaths.begin(), deaths.end(), add);
        if (deaths.empty() && view.last_death) {
            add(*view.last_death);
        }
    }
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row& a, const Row& b) { return a.death->ago > b.death->ago; });
    return rows;
}

}  // namespace

std::string format_deaths(const std::vector<ServiceView>& views, LocalTime now,
                          const Style& style) {
    const std::vector<Row> rows = rows_of(views, now, style);
    std::size_t when = 0;
    std::size_t name = 0;
    std::size_t lived = 0;
    for (const Row& row : rows) {
        when = std::max(when, row.when.size());
        name = std::max(name, columns(row.name));
        lived = std::max(lived, row.lived.size());
    }
    std::string text;
    for (const Row& row : rows) {
        std::string line = pad(row.when, when + 1) + pad(row.name, name + 1) +
                           pad("after " + row.lived, lived + 7) +
                           visible(death_text(*row.death), style.charset);
        if (!row.death->next.empty()) {
            line.append(", ").append(visible(row.death->next, style.charset));
        }
        text.append(fit(line, style.width, style.charset)).append("\n");
    }
    return text;
}

}  // namespace mainstay::ctl
