#include "ctl/moment.h"

#include "common/fixed.h"

namespace mainstay::ctl {

std::string moment_text(LocalTime now, std::chrono::milliseconds ago) {
    using std::chrono::days;
    const LocalTime moment = now - std::chrono::duration_cast<std::chrono::seconds>(ago);
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

}  // namespace mainstay::ctl
