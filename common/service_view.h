/// PURE. A service as it is shown: what the supervisor knows of it at one moment, as plain data.
/// The supervisor fills it (status_view), protocol puts it on the wire, svctl formats it. Ages are
/// measured on the clock that runs in suspend (CLOCK_BOOTTIME), by the supervisor, so that reader
/// and writer need not share a clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/exit_status.h"

namespace mainstay {

/// The states of a service; the words of to_string are the same in code, JSON and tables.
enum class ServiceState : std::uint8_t {
    Down,       ///< not running, not wanted
    Waiting,    ///< wanted, something else must come first
    Starting,   ///< being executed
    Up,         ///< running, not ready yet
    Ready,      ///< running and ready
    Stopping,   ///< asked to end
    Finishing,  ///< its finish program runs
    Backoff,    ///< died; waits for its next start
    Failed,     ///< given up for good
    Done,       ///< ended as it should (once)
};

/// What the admin asked for; a field of its own, never part of the state.
enum class Wanted : std::uint8_t { Down, Up, Once };

/// The word; parse_enum (enum_words.h) reads it back.
std::string_view to_string(ServiceState state) noexcept;
std::string_view to_string(Wanted wanted) noexcept;

/// The end of a service's last run.
struct Death {
    ExitStatus status;
    std::chrono::milliseconds lived{0};
    std::chrono::milliseconds ago{0};

    friend bool operator==(const Death&, const Death&) = default;
};

/// Why the last start never became the service's program.
struct ExecFailure {
    std::string stage;  ///< what was tried: "exec", "chdir", "fork", …
    std::string path;   ///< on what; empty where there is no path
    std::string error;  ///< the text of the errno: "No such file or directory"

    friend bool operator==(const ExecFailure&, const ExecFailure&) = default;
};

/// The process that writes a service's output away, where it has one of its own (log/run).
struct LoggerView {
    ServiceState state = ServiceState::Down;
    std::int32_t pid = 0;  ///< 0: none

    friend bool operator==(const LoggerView&, const LoggerView&) = default;
};

struct ServiceView {
    std::string name;
    std::string description;  ///< empty: none given
    std::string directory;    ///< the definition, symlink resolved: "/etc/sv/web"
    ServiceState state = ServiceState::Down;
    Wanted wanted = Wanted::Down;
    bool is_paused = false;      ///< stopped by SIGSTOP through us
    bool is_enabled = true;      ///< starts again at the next boot, a down file aside
    bool has_down_file = false;  ///< normally down
    std::int32_t pid = 0;        ///< 0: no process
    std::uint32_t restarts = 0;  ///< in a row that nobody asked for; in backoff with the due one
    std::chrono::milliseconds since{0};                   ///< how long in this state
    std::optional<std::chrono::milliseconds> next_start;  ///< until the next start, in backoff
    std::optional<std::chrono::milliseconds> deadline;    ///< until the state is ended by force
    std::optional<Death> last_death;
    std::optional<ExecFailure> exec_failure;
    std::optional<LoggerView> logger;
    std::string cause;                   ///< why it is in this state, where no field above says it
    std::vector<std::string> log_lines;  ///< newest last; arbitrary bytes

    friend bool operator==(const ServiceView&, const ServiceView&) = default;
};

}  // namespace mainstay
