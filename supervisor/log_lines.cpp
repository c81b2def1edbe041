#include "supervisor/log_lines.h"

#include <algorithm>
#include <utility>

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

std::vector<std::string> LineCutter::cut(std::string_view bytes) {
    std::vector<std::string> lines;
    while (!bytes.empty()) {
        const std::size_t room = kMost - rest_.size();
        const std::size_t newline = bytes.substr(0, room).find('\n');
        const bool is_ended = newline != std::string_view::npos;
        const std::string_view piece = bytes.substr(0, is_ended ? newline : room);
        rest_ += piece;
        bytes.remove_prefix(piece.size() + (is_ended ? 1 : 0));
        if (is_ended || rest_.size() == kMost) {
            lines.push_back(std::exchange(rest_, {}));
        }
    }
    return lines;
}

std::vector<std::string> LineCutter::take_rest() {
    std::vector<std::string> lines;
    if (!rest_.empty()) {
        lines.push_back(std::exchange(rest_, {}));
    }
    return lines;
}

}  // namespace mainstay::supervisor
