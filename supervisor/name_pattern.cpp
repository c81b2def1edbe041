#include "supervisor/name_pattern.h"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kLongestName = 127;
constexpr char kFirstPrintable = ' ';
constexpr char kDelete = 0x7f;

bool is_control(char c) noexcept {
    return (c >= 0 && c < kFirstPrintable) || c == kDelete;
}

struct Element {
    std::size_t length = 1;  ///< bytes of the pattern
    bool matches = false;
};

/// A bracket expression at the start of @p pattern; nothing where it is not closed.
std::optional<Element> match_bracket(std::string_view pattern, char c) noexcept {
    std::size_t i = 1;
    const bool negated = i < pattern.size() && pattern[i] == '!';
    i += negated ? 1 : 0;
    const std::size_t first = i;
    bool found = false;
    for (; i < pattern.size() && (pattern[i] != ']' || i == first); ++i) {
        if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
            found = found || (pattern[i] <= c && c <= pattern[i + 2]);
            i += 2;
        } else {
            found = found || pattern[i] == c;
        }
    }
    if (i >= pattern.size()) {
        return std::nullopt;
    }
    return Element{i + 1, found != negated};
}

Element match_one(std::string_view pattern, char c) noexcept {
    if (pattern[0] == '?') {
        return {1, true};
    }
    if (pattern[0] == '[') {
        if (const auto bracket = match_bracket(pattern, c)) {
            return *bracket;
        }
    }
    return {1, pattern[0] == c};
}

}  // namespace

bool is_service_name(std::string_view name) noexcept {
    return !name.empty() && name[0] != '.' && fault_of_name(name).empty();
}

std::string_view fault_of_name(std::string_view name) noexcept {
    if (name.size() > kLongestName) {
        return "its name has more than 127 bytes";
    }
    return std::any_of(name.begin(), name.end(), is_control) ? "its name has control characters"
                                                             : "";
}

bool is_pattern(std::string_view text) noexcept {
    return text.find_first_of("*?[") != std::string_view::npos;
}

bool matches_pattern(std::string_view pattern, std::string_view name) noexcept {
    std::size_t p = 0;
    std::size_t n = 0;
    // Where to go on when what follows the last star did not match: it takes one byte more.
    std::size_t after_star = std::string_view::npos;
    std::size_t star_end = 0;
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            after_star = ++p;
            star_end = n;
            continue;
        }
        const Element element =
            p < pattern.size() ? match_one(pattern.substr(p), name[n]) : Element{};
        if (element.matches) {
            p += element.length;
            ++n;
        } else if (after_star != std::string_view::npos) {
            p = after_star;
            n = ++star_end;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace mainstay::supervisor
