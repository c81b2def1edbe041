#include "init/login_record.h"

#include <utmp.h>

#include <algorithm>
#include <cstring>

#include "init/terminal_name.h"

namespace mainstay::init {
namespace {

/// A field that ends with a NUL byte or is full.
template <std::size_t N>
std::string_view text_of(const char (&field)[N]) noexcept {
    return {field, ::strnlen(field, N)};
}

std::string_view trimmed(std::string_view line) noexcept {
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r')) {
        line.remove_suffix(1);
    }
    return line;
}

}  // namespace

const std::size_t kLoginRecordSize = sizeof(utmp);

void read_login(std::span<const char> record, Login& login) noexcept {
    login.user.clear();
    login.terminal.clear();
    utmp read{};
    if (record.size() < sizeof read) {
        return;
    }
    std::memcpy(&read, record.data(), sizeof read);
    const std::string_view user = text_of(read.ut_user);
    const std::string_view terminal = without_dev(text_of(read.ut_line));
    if (read.ut_type == USER_PROCESS && !user.empty() && is_terminal_name(terminal)) {
        login.user.append(user);
        login.terminal.append(terminal);
    }
}

bool names_user(std::string_view allowed, std::string_view user) noexcept {
    while (!allowed.empty()) {
        const std::size_t end = std::min(allowed.find('\n'), allowed.size());
        const std::string_view line = trimmed(allowed.substr(0, end));
        if (!line.empty() && line.front() != '#' && line == user) {
            return true;
        }
        allowed.remove_prefix(std::min(end + 1, allowed.size()));
    }
    return false;
}

}  // namespace mainstay::init
