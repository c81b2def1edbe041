#include "supervisor/proc_text.h"

#include <charconv>

namespace mainstay::supervisor {
namespace {

/// Takes the next word off @p rest.
std::string_view take_word(std::string_view& rest) noexcept {
    constexpr std::string_view kBlanks = " \t";
    const std::size_t begin = rest.find_first_not_of(kBlanks);
    rest.remove_prefix(begin == std::string_view::npos ? rest.size() : begin);
    const std::string_view word = rest.substr(0, rest.find_first_of(" \t\n"));
    rest.remove_prefix(word.size());
    return word;
}

template <typename Number>
bool take_number(std::string_view& rest, Number& value) noexcept {
    const std::string_view word = take_word(rest);
    const char* end = word.data() + word.size();
    const auto [last, error] = std::from_chars(word.data(), end, value);
    return error == std::errc() && last == end && value >= 0;
}

}  // namespace

std::optional<ProcStat> parse_proc_stat(std::string_view text) noexcept {
    const std::size_t command_end = text.rfind(')');
    if (command_end == std::string_view::npos) {
        return std::nullopt;
    }
    text.remove_prefix(command_end + 1);
    take_word(text);  // the state
    ProcStat stat;
    const bool is_read = take_number(text, stat.parent) && take_number(text, stat.group) &&
                         take_number(text, stat.session);
    return is_read ? std::optional(stat) : std::nullopt;
}

std::optional<std::uint32_t> parse_effective_uid(std::string_view text) noexcept {
    // The name comes first and has its newlines escaped: this is the real line.
    constexpr std::string_view kLine = "\nUid:";
    const std::size_t line = text.find(kLine);
    if (line == std::string_view::npos) {
        return std::nullopt;
    }
    text.remove_prefix(line + kLine.size());
    std::uint32_t real = 0;
    std::uint32_t effective = 0;
    if (!take_number(text, real) || !take_number(text, effective)) {
        return std::nullopt;
    }
    return effective;
}

}  // namespace mainstay::supervisor
