#include "supervisor/log_lines.h"

#include <algorithm>

namespace mainstay::supervisor {

std::vector<std::string> last_lines_of(std::string_view text, std::size_t count,
                                       Beginning beginning) {
    std::vector<std::string> lines;
    if (!text.empty() && text.back() == '\n') {
        text.remove_suffix(1);
    }
    while (lines.size() < count && !text.empty()) {
        const std::size_t newline = text.rfind('\n');
        const bool is_first = newline == std::string_view::npos;
        if (!is_first || beginning == Beginning::Whole || lines.empty()) {
            lines.emplace_back(is_first ? text : text.substr(newline + 1));
        }
        text = is_first ? std::string_view() : text.substr(0, newline);
    }
    std::reverse(lines.begin(), lines.end());
    return lines;
}

}  // namespace mainstay::supervisor
