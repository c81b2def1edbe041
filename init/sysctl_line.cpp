#include "init/sysctl_line.h"

namespace mainstay::init {
namespace {

std::string_view trim(std::string_view text) noexcept {
    constexpr std::string_view kBlanks = " \t\r";
    const std::size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

SysctlLine wrong(const char* problem) noexcept {
    SysctlLine line;
    line.kind = SysctlLine::Kind::Wrong;
    line.problem = problem;
    return line;
}

/// Whether the path stays below /proc/sys.
bool is_safe(std::string_view path) noexcept {
    while (!path.empty()) {
        const std::size_t slash = path.find('/');
        const std::string_view part = path.substr(0, slash);
        if (part.empty() || part == "." || part == "..") {
            return false;
        }
        path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    return true;
}

}  // namespace

SysctlLine parse_sysctl_line(std::string_view line) noexcept {
    SysctlLine parsed;
    line = trim(line);
    if (line.empty() || line.front() == '#' || line.front() == ';') {
        return parsed;
    }
    if (line.front() == '-') {
        parsed.may_fail = true;
        line.remove_prefix(1);
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
        return wrong("a line is NAME = VALUE");
    }
    const std::string_view name = trim(line.substr(0, equals));
    if (name.empty() || name.size() > decltype(parsed.path)::capacity()) {
        return wrong("the name is empty or too long");
    }
    if (name.find_first_of("*?[") != std::string_view::npos) {
        return wrong("patterns are not known here; name each setting");
    }
    // The first separator says which of the two it is; the other one is then part of a name, as the
    // dot of a VLAN's interface.
    const std::size_t first = name.find_first_of("./");
    const bool swap = first != std::string_view::npos && name[first] == '.';
    for (const char c : name) {
        char plain = c;
        if (swap && (c == '.' || c == '/')) {
            plain = c == '.' ? '/' : '.';
        }
        parsed.path.append({&plain, 1});
    }
    if (!is_safe(parsed.path)) {
        return wrong("the name is none below /proc/sys");
    }
    parsed.value = trim(line.substr(equals + 1));
    parsed.kind = SysctlLine::Kind::Setting;
    return parsed;
}

}  // namespace mainstay::init
