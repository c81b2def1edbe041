#include "init/utmp_record.h"

#include <algorithm>
#include <cstring>

namespace mainstay::init {
namespace {

constexpr std::string_view kNoId = "~~";

/// A field that is full has no NUL at its end.
template <std::size_t N>
void fill(char (&field)[N], std::string_view text) noexcept {
    std::copy_n(text.begin(), std::min(text.size(), N), field);
}

bool is_about_process(const utmp& record) noexcept {
    return record.ut_type >= INIT_PROCESS && record.ut_type <= DEAD_PROCESS;
}

}  // namespace

LoginEvent boot_event() noexcept {
    return {BOOT_TIME, 0, "reboot", kNoId, "~"};
}

LoginEvent level_event(char level, char previous) noexcept {
    const int both = static_cast<unsigned char>(level) + 256 * static_cast<unsigned char>(previous);
    return {RUN_LVL, both, "runlevel", kNoId, "~"};
}

LoginEvent shutdown_event() noexcept {
    return {RUN_LVL, 0, "shutdown", kNoId, "~~"};
}

LoginEvent start_event(std::string_view id, pid_t pid) noexcept {
    return {INIT_PROCESS, pid, {}, id, {}};
}

LoginEvent end_event(std::string_view id, pid_t pid) noexcept {
    return {DEAD_PROCESS, pid, {}, id, {}};
}

utmp make_record(const LoginEvent& event, std::int64_t seconds,
                 std::int64_t microseconds) noexcept {
    utmp record{};
    record.ut_type = event.type;
    record.ut_pid = event.pid;
    fill(record.ut_user, event.user);
    fill(record.ut_id, event.id);
    fill(record.ut_line, event.line);
    record.ut_tv.tv_sec = static_cast<decltype(record.ut_tv.tv_sec)>(seconds);
    record.ut_tv.tv_usec = static_cast<decltype(record.ut_tv.tv_usec)>(microseconds);
    return record;
}

bool takes_place_of(const utmp& record, const utmp& old) noexcept {
    if (!is_about_process(record)) {
        return record.ut_type == old.ut_type;
    }
    return is_about_process(old) && std::strncmp(record.ut_id, old.ut_id, sizeof old.ut_id) == 0;
}

bool is_outdated(const utmp& record, const utmp& old) noexcept {
    return record.ut_type == DEAD_PROCESS && record.ut_pid != old.ut_pid;
}

std::optional<LevelLetters> levels_of(const utmp& record) noexcept {
    if (record.ut_type != RUN_LVL) {
        return std::nullopt;
    }
    const auto printable = [](int code, char otherwise) {
        const int letter = code % 256;
        return letter > ' ' && letter < 0x7f ? static_cast<char>(letter) : otherwise;
    };
    const int both = std::max(record.ut_pid, 0);
    return LevelLetters{printable(both / 256, 'N'), printable(both, '?')};
}

}  // namespace mainstay::init
