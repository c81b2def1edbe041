#include "init/tmpfiles_line.h"

#include <charconv>

namespace mainstay::init {
namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr std::string_view kTypes = "dDfFwLpcbrRzZm";

TmpfilesLine wrong(const char* problem) noexcept {
    TmpfilesLine line;
    line.kind = TmpfilesLine::Kind::Wrong;
    line.problem = problem;
    return line;
}

std::string_view skip_blanks(std::string_view text) noexcept {
    const std::size_t begin = text.find_first_not_of(kBlanks);
    return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

/// The next field, in quotes or not; "-" means that it is not said.
std::string_view take_field(std::string_view& rest) noexcept {
    rest = skip_blanks(rest);
    const bool is_quoted = !rest.empty() && (rest.front() == '"' || rest.front() == '\'');
    if (is_quoted) {
        const char quote = rest.front();
        rest.remove_prefix(1);
        const std::string_view field = rest.substr(0, rest.find(quote));
        rest.remove_prefix(field.size() < rest.size() ? field.size() + 1 : field.size());
        return field;
    }
    const std::string_view field = rest.substr(0, rest.find_first_of(kBlanks));
    rest.remove_prefix(field.size());
    return field == "-" ? std::string_view() : field;
}

template <typename Number>
bool parse_number(std::string_view text, int base, Number& number) noexcept {
    const char* const last = text.data() + text.size();
    const auto [end, failure] = std::from_chars(text.data(), last, number, base);
    return !text.empty() && failure == std::errc() && end == last;
}

bool take_type(std::string_view field, TmpfilesLine& line) noexcept {
    if (field.empty() || kTypes.find(field.front()) == std::string_view::npos) {
        return false;
    }
    line.type = field.front();
    for (const char modifier : field.substr(1)) {
        if (modifier == '+') {
            line.replaces = true;
        } else if (modifier == '-') {
            line.may_fail = true;
        } else if (modifier != '!') {
            return false;
        }
    }
    return true;
}

bool take_mode(std::string_view field, TmpfilesLine& line) noexcept {
    constexpr std::uint32_t kMost = 07777;
    while (!field.empty() && (field.front() == '~' || field.front() == ':')) {
        field.remove_prefix(1);
    }
    std::uint32_t mode = 0;
    if (field.empty()) {
        return true;
    }
    if (!parse_number(field, 8, mode) || mode > kMost) {
        return false;
    }
    line.mode = mode;
    return true;
}

/// C's escapes for newline, tab and backslash, which contents of files need.
void append_argument(FixedString<512>& argument, std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '\\' && i + 1 < text.size()) {
            ++i;
            c = text[i] == 'n' ? '\n' : text[i] == 't' ? '\t' : text[i];
        }
        argument.append({&c, 1});
    }
}

bool take_device(TmpfilesLine& line) noexcept {
    const std::string_view text = line.argument;
    const std::size_t colon = text.find(':');
    return colon != std::string_view::npos && parse_number(text.substr(0, colon), 10, line.major) &&
           parse_number(text.substr(colon + 1), 10, line.minor);
}

/// Whether something is missing that this type needs.
const char* find_problem(TmpfilesLine& line) noexcept {
    if (line.path.empty() || line.path.view().front() != '/') {
        return "the path is not absolute";
    }
    if (line.path.view().find("..") != std::string_view::npos) {
        return "the path has '..' in it";
    }
    if (line.path.view().find_first_of("*?[") != std::string_view::npos) {
        return "patterns are not known here";
    }
    if ((line.path.view().find('%') != std::string_view::npos) ||
        (line.type != 'w' && line.argument.view().find('%') != std::string_view::npos)) {
        return "specifiers (%) are not known here";
    }
    if ((line.type == 'L' || line.type == 'w') && line.argument.empty()) {
        return "this type needs an argument";
    }
    if ((line.type == 'c' || line.type == 'b') && !take_device(line)) {
        return "the argument is no MAJOR:MINOR";
    }
    return nullptr;
}

}  // namespace

TmpfilesLine parse_tmpfiles_line(std::string_view text) noexcept {
    TmpfilesLine line;
    text = skip_blanks(text);
    if (text.empty() || text.front() == '#') {
        return line;
    }
    if (!take_type(take_field(text), line)) {
        return wrong("this type is not known here: it is one of d D f F w L p c b r R z Z m");
    }
    const std::string_view path = take_field(text);
    if (path.size() > decltype(line.path)::capacity()) {
        return wrong("the path is too long");
    }
    line.path.append(path);
    if (!take_mode(take_field(text), line)) {
        return wrong("the mode is no octal number up to 7777");
    }
    line.user.append(take_field(text));
    line.group.append(take_field(text));
    (void)take_field(text);  // the age
    text = skip_blanks(text);
    while (!text.empty() && kBlanks.find(text.back()) != std::string_view::npos) {
        text.remove_suffix(1);
    }
    if (text.size() > decltype(line.argument)::capacity()) {
        return wrong("the argument is too long");
    }
    append_argument(line.argument, text == "-" ? std::string_view() : text);
    if (const char* problem = find_problem(line)) {
        return wrong(problem);
    }
    line.kind = TmpfilesLine::Kind::Action;
    return line;
}

}  // namespace mainstay::init
