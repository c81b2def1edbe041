#include "supervisor/proc_text.h"

#include <charconv>

namespace mainstay::supervisor {
namespace {

/// Takes the next word off @p rest.
std::string_view take_word(std::string_view& rest) noexcept {
    constexpr std::string_view kSeparators = " \t";
    const std::size_t begin = rest.find_first_not_of(kSeparators);
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

/// What stands behind the command.
/// @returns nothing where there is no command
std::optional<std::string_view> fields_of(std::string_view text) noexcept {
    const std::size_t command_end = text.rfind(')');
    return command_end == std::string_view::npos ? std::nullopt
                                                 : std::optional(text.substr(command_end + 1));
}

}  // namespace

std::optional<ProcBirth> parse_proc_birth(std::string_view text) noexcept {
    constexpr unsigned kForkedNotExecuted = 0x40;  // PF_FORKNOEXEC of linux/sched.h
    constexpr int kBeforeFlags = 6;                // from the state on
    constexpr int kBeforeStart = 12;               // from behind the flags on
    const auto fields = fields_of(text);
    if (!fields) {
        return std::nullopt;
    }
    std::string_view rest = *fields;
    for (int i = 0; i < kBeforeFlags; ++i) {
        take_word(rest);
    }
    std::uint32_t flags = 0;
    if (!take_number(rest, flags)) {
        return std::nullopt;
    }
    for (int i = 0; i < kBeforeStart; ++i) {
        take_word(rest);
    }
    ProcBirth birth;
    birth.has_executed = (flags & kForkedNotExecuted) == 0;
    return take_number(rest, birth.begun) ? std::optional(birth) : std::nullopt;
}

std::optional<ProcStat> parse_proc_stat(std::string_view text) noexcept {
    const auto fields = fields_of(text);
    if (!fields) {
        return std::nullopt;
    }
    text = *fields;
    take_word(text);  // the state
    ProcStat stat;
    const bool is_read = take_number(text, stat.parent) && take_number(text, stat.group) &&
                         take_number(text, stat.session);
    return is_read ? std::optional(stat) : std::nullopt;
}

char parse_proc_state(std::string_view text) noexcept {
    auto fields = fields_of(text);
    const std::string_view state = fields ? take_word(*fields) : std::string_view();
    return state.size() == 1 ? state.front() : '\0';
}

void parse_proc_children(std::string_view text, std::vector<std::int32_t>& children) {
    // The kernel ends each with a blank.
    for (std::size_t end = text.find(' '); end != std::string_view::npos; end = text.find(' ')) {
        std::int32_t pid = 0;
        std::string_view word = text.substr(0, end);
        text.remove_prefix(end + 1);
        if (take_number(word, pid) && pid > 0) {
            children.push_back(pid);
        }
    }
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
