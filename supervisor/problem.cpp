#include "supervisor/problem.h"

#include <algorithm>
#include <tuple>

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kLongestShown = 60;

std::string head_of(const Problem& problem) {
    std::string text = problem.file;
    if (problem.place.line > 0) {
        text.append(":").append(std::to_string(problem.place.line));
        text.append(":").append(std::to_string(problem.place.column));
    }
    return text.append(": ");
}

bool is_control(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
}

/// Names of files are anybody's: what a terminal would obey is not to reach one.
std::string on_one_line(std::string text) {
    std::replace_if(text.begin(), text.end(), is_control, '?');
    return text;
}

}  // namespace

std::string_view to_string(Severity severity) noexcept {
    switch (severity) {
        case Severity::Error:
            return "error";
        case Severity::Warning:
            return "warning";
        case Severity::Note:
            return "note";
    }
    return "";
}

bool comes_before(const Problem& a, const Problem& b) noexcept {
    return std::tie(a.file, a.place.line, a.place.column, a.severity, a.message) <
           std::tie(b.file, b.place.line, b.place.column, b.severity, b.message);
}

std::string to_sentence(const Problem& problem) {
    return on_one_line(head_of(problem) + problem.message);
}

std::string to_line(const Problem& problem) {
    return on_one_line(head_of(problem).append(to_string(problem.severity)) + ": " +
                       problem.message);
}

Place PlaceFinder::place_of(std::size_t offset) noexcept {
    if (offset < at_) {
        *this = PlaceFinder(text_);
    }
    for (; at_ < offset && at_ < text_.size(); ++at_) {
        if (text_[at_] == '\n') {
            ++line_;
            line_start_ = at_ + 1;
        }
    }
    return {line_, static_cast<std::uint32_t>(offset - line_start_ + 1)};
}

std::string shown(std::string_view word) {
    std::string text(word.substr(0, kLongestShown));
    std::replace_if(text.begin(), text.end(), is_control, '?');
    return word.size() > kLongestShown ? text + "..." : text;
}

}  // namespace mainstay::supervisor
