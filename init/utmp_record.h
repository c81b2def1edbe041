/// PURE. Records of utmp and wtmp as sysvinit's init writes them: who(1), last(1) and runlevel(8)
/// read these.
#pragma once

#include <utmp.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace mainstay::init {

/// What happened, without its time.
struct LoginEvent {
    short type = EMPTY;  ///< BOOT_TIME, RUN_LVL, INIT_PROCESS or DEAD_PROCESS
    pid_t pid = 0;       ///< of RUN_LVL: the level, and 256 times the one before
    std::string_view user;
    std::string_view id;  ///< of the inittab entry
    std::string_view line;
};

LoginEvent boot_event() noexcept;
LoginEvent level_event(char level, char previous) noexcept;
/// In wtmp alone: the system goes down.
LoginEvent shutdown_event() noexcept;
LoginEvent start_event(std::string_view id, pid_t pid) noexcept;
LoginEvent end_event(std::string_view id, pid_t pid) noexcept;

utmp make_record(const LoginEvent& event, std::int64_t seconds, std::int64_t microseconds) noexcept;

/// Whether @p record takes the place of @p old in utmp: of the same kind, or of the same id where
/// it is about a process.
bool takes_place_of(const utmp& record, const utmp& old) noexcept;

/// Whether the end of a process is still news: its place may be a successor's by now.
bool is_outdated(const utmp& record, const utmp& old) noexcept;

struct LevelLetters {
    char previous;
    char level;
};
/// Of a RUN_LVL record, anything else has none.
std::optional<LevelLetters> levels_of(const utmp& record) noexcept;

}  // namespace mainstay::init
