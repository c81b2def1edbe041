#include "supervisor/recent_messages.h"

#include <algorithm>
#include <new>

namespace mainstay::supervisor {
namespace {

const char* word_of(Level level) noexcept {
    switch (level) {
        case Level::Error:
            return "error: ";
        case Level::Warning:
            return "warning: ";
        case Level::Info:
            return "";
    }
    return "";
}

/// A newline would begin a message of its own.
std::string line_of(Level level, std::string_view message) {
    std::string line = word_of(level);
    for (const char c : message) {
        line.push_back(c == '\n' ? ' ' : c);
    }
    return line;
}

}  // namespace

void RecentMessages::write(Level level, std::string_view message) noexcept {
    journal_.write(level, message);
    try {
        lines_.push_back(line_of(level, message));
    } catch (const std::bad_alloc&) {
        return;
    }
    ++count_;
    bytes_ += lines_.back().size();
    while (bytes_ > kMostBytes && lines_.size() > 1) {
        bytes_ -= lines_.front().size();
        lines_.pop_front();
    }
}

std::vector<std::string> RecentMessages::last_lines(std::size_t count) const {
    const std::size_t shown = std::min(count, lines_.size());
    return {lines_.end() - static_cast<std::ptrdiff_t>(shown), lines_.end()};
}

std::vector<std::string> RecentMessages::since(std::uint64_t first) const {
    return last_lines(first < count_ ? static_cast<std::size_t>(count_ - first) : 0);
}

}  // namespace mainstay::supervisor
