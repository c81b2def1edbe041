/// PURE. A service as it is shown: what the supervisor knows of it at one moment, as plain data.
/// The supervisor fills it (status_view), protocol puts it on the wire, svctl formats it. Ages are
/// measured on the clock that runs in suspend (CLOCK_BOOTTIME), by the supervisor, so that reader
/// and writer need not share a clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
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

/// The end of one of a service's runs.
struct Death {
    ExitStatus status;
    std::chrono::milliseconds lived{0};
    std::chrono::milliseconds ago{0};
    bool out_of_memory = false;  ///< the kernel's OOM killer took it
    std::string cause = {};      ///< what brought it about, where that is known: "watchdog"
    std::string next = {};       ///< what came of it: "restarted", "not restarted"

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

/// Another service, seen from one that is related to it.
struct RelatedView {
    std::string name;
    std::optional<ServiceState> state;  ///< none: there is no such service

    friend bool operator==(const RelatedView&, const RelatedView&) = default;
};

/// What a waiting service waits for.
struct BlockerView {
    std::string name;
    std::string relation;                               ///< "needs", "after", "conflicts", …
    std::optional<ServiceState> state;                  ///< none: there is no such service
    std::optional<std::chrono::milliseconds> deadline;  ///< until that state is ended by force

    friend bool operator==(const BlockerView&, const BlockerView&) = default;
};

/// Processes that an earlier run left behind.
struct LeftoversView {
    std::uint32_t count = 0;
    std::vector<std::int32_t> pids;  ///< the first of them, at most kMostLeftoverPids

    friend bool operator==(const LeftoversView&, const LeftoversView&) = default;
};
inline constexpr std::size_t kMostLeftoverPids = 8;

/// Processes of the service that have ended, and that the one which started them does not wait for.
struct ZombiesView {
    std::uint32_t count = 0;
    std::vector<std::int32_t> parents;  ///< who does not, at most kMostZombieParents

    friend bool operator==(const ZombiesView&, const ZombiesView&) = default;
};
inline constexpr std::size_t kMostZombieParents = 8;

/// What the service's cgroup uses; a figure that the kernel does not give is absent.
struct UsageView {
    std::optional<std::uint64_t> memory_bytes;
    std::optional<std::uint64_t> memory_peak_bytes;
    std::optional<std::uint64_t> cpu_microseconds;
    std::optional<std::uint64_t> tasks;

    friend bool operator==(const UsageView&, const UsageView&) = default;
};

/// When it is started again by itself.
struct RestartView {
    std::string policy;             ///< "always", "on-failure", "never"
    std::uint32_t limit_count = 0;  ///< so many restarts within the interval; 0: any number
    std::chrono::milliseconds limit_interval{0};

    friend bool operator==(const RestartView&, const RestartView&) = default;
};

/// What only the page of one service shows.
struct ServiceDetails {
    std::string readiness;                               ///< "exec", "fd", "notify", "check"
    std::optional<std::chrono::milliseconds> up_for;     ///< since its program was executed
    std::optional<std::chrono::milliseconds> ready_for;  ///< since it became ready
    std::optional<std::chrono::milliseconds> watchdog;   ///< its timeout
    std::optional<RestartView> restart;
    std::vector<RelatedView> needs;
    std::vector<RelatedView> wants;
    std::vector<RelatedView> after;
    std::vector<RelatedView> before;
    std::vector<RelatedView> conflicts;
    std::vector<RelatedView> members;
    std::vector<RelatedView> needed_by;
    LeftoversView leftovers;
    ZombiesView zombies;
    UsageView usage;
    std::uint32_t death_count = 0;  ///< since the supervisor knows it; more than deaths may have
    std::vector<Death> deaths;      ///< the last ones, newest last

    friend bool operator==(const ServiceDetails&, const ServiceDetails&) = default;
};

struct ServiceView {
    std::string name;
    std::string description;  ///< empty: none given
    std::string directory;    ///< the definition, symlink resolved: "/etc/sv/web"
    std::string type;         ///< "oneshot", "group"; empty: longrun
    ServiceState state = ServiceState::Down;
    Wanted wanted = Wanted::Down;
    bool is_paused = false;      ///< stopped by SIGSTOP through us
    bool is_enabled = true;      ///< starts again at the next boot, a down file aside
    bool has_down_file = false;  ///< normally down
    bool is_reloading = false;   ///< as it says itself (RELOADING=1)
    bool is_listening = false;   ///< in waiting: for whoever comes to its sockets
    bool has_changed = false;    ///< its definition is newer than what runs
    std::int32_t pid = 0;        ///< 0: no process
    std::uint32_t restarts = 0;  ///< in a row that nobody asked for; in backoff with the due one
    std::chrono::milliseconds since{0};                   ///< how long in this state
    std::optional<std::chrono::milliseconds> next_start;  ///< until the next start, in backoff
    std::optional<std::chrono::milliseconds> deadline;    ///< until the state is ended by force
    std::optional<Death> last_death;
    std::optional<ExecFailure> exec_failure;
    std::optional<LoggerView> logger;
    std::string status_text;             ///< what it says of itself (STATUS=)
    std::string notify_error;            ///< an error that it reports of itself (ERRNO=)
    std::string cause;                   ///< why it is in this state, where no field above says it
    std::vector<BlockerView> blockers;   ///< in waiting: what must come first
    std::vector<std::string> log_lines;  ///< newest last; arbitrary bytes
    std::shared_ptr<const ServiceDetails> own_details;  ///< null: all of it at its defaults

    const ServiceDetails& details() const noexcept;

    friend bool operator==(const ServiceView& a, const ServiceView& b);
};

/// The machine or container as a whole, as far as the supervisor knows it.
struct SystemView {
    std::string host;
    std::chrono::milliseconds running{0};                    ///< since the supervisor began
    std::optional<std::chrono::milliseconds> boot_complete;  ///< after its beginning; none: not yet
    bool is_stopping = false;

    friend bool operator==(const SystemView&, const SystemView&) = default;
};

}  // namespace mainstay
