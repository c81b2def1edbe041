/// PURE. What a service directory says, as plain data: its files and its service.conf, checked and
/// in the units of the program. service_dir reads it, conf_parser fills what a conf says, the rest
/// acts on it.
///
/// A thousand services must fit into little memory: what most services leave at its defaults lies
/// behind a pointer that is null then, and is asked for through a function that knows the default.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "supervisor/listen_point.h"
#include "supervisor/rare_text.h"
#include "supervisor/service_state.h"

namespace mainstay::supervisor {

/// Names of the files in a service directory.
inline constexpr char kRunFile[] = "run";
inline constexpr char kSetupFile[] = "setup";
inline constexpr char kFinishFile[] = "finish";
inline constexpr char kCheckFile[] = "check";
inline constexpr char kDownFile[] = "down";
inline constexpr char kConfFile[] = "service.conf";
inline constexpr char kConfDirectory[] = "service.conf.d";
inline constexpr char kEnvironmentDirectory[] = "env";
inline constexpr char kControlDirectory[] = "control";
inline constexpr char kNotificationFile[] = "notification-fd";
inline constexpr char kDownSignalFile[] = "down-signal";
inline constexpr char kStopTimeoutFile[] = "timeout-kill";
inline constexpr char kFinishTimeoutFile[] = "timeout-finish";
inline constexpr char kLogDirectory[] = "log";

/// The words of a command, the program first: "./run" for a file of the service directory. Empty:
/// there is none. %i, %n and %% are replaced already.
using Command = std::vector<std::string>;

struct Programs {
    Command run = {"./run"};
    Command setup;
    Command stop;
    Command reload;
    Command finish;
    Command check;
    Command on_failure;  ///< of `on-failure-action = exec COMMAND`

    friend bool operator==(const Programs&, const Programs&) = default;
};

/// Names of other services, without repetition, in the order in which they were given.
struct Relations {
    std::vector<std::string> needs;
    std::vector<std::string> wants;
    std::vector<std::string> after;
    std::vector<std::string> before;
    std::vector<std::string> conflicts;
    std::vector<std::string> members;  ///< of a group

    friend bool operator==(const Relations&, const Relations&) = default;
};

/// Who may speak for a service on its notify socket.
enum class NotifyAccess : std::uint8_t {
    Main,  ///< its main process
    All,   ///< every process of its cgroup or session
};

struct ReadinessSettings {
    int notification_fd = -1;  ///< Readiness::Descriptor: the child's number for it
    NotifyAccess access = NotifyAccess::Main;
    Duration check_interval = std::chrono::seconds(1);
    std::uint32_t store_max = 0;  ///< so many descriptors it may have kept (FDSTORE)

    friend bool operator==(const ReadinessSettings&, const ReadinessSettings&) = default;
};

/// A limit as setrlimit(2) takes it; RLIM_INFINITY is the largest number.
struct ResourceLimit {
    int resource = 0;  ///< RLIMIT_*
    std::uint64_t soft = 0;
    std::uint64_t hard = 0;

    friend bool operator==(const ResourceLimit&, const ResourceLimit&) = default;
};

/// Where one of the standard streams leads.
struct StreamTarget {
    enum class Kind : std::uint8_t {
        Null,
        Log,      ///< output only: the logger, or svlog
        Console,  ///< output only: /dev/console
        Terminal,
        File,       ///< input: read; output: created, truncated
        Append,     ///< output only: created, appended to
        Output,     ///< standard error only: where standard output goes
        Socket,     ///< input only: the socket that activated it
        Inherited,  ///< whatever ours is; not for service.conf
    };
    Kind kind = Kind::Null;
    std::string path;  ///< of File and Append

    friend bool operator==(const StreamTarget&, const StreamTarget&) = default;
};

/// ioprio_set(2): class and level in one.
struct IoPriority {
    enum class Class : std::uint8_t { Realtime = 1, BestEffort = 2, Idle = 3 };
    Class io_class = Class::BestEffort;
    std::uint8_t level = 0;  ///< 0 (first) to 7; 0 for idle

    friend bool operator==(const IoPriority&, const IoPriority&) = default;
};

/// What a process is before it becomes its program. Names are resolved when it is spawned.
struct ProcessSettings {
    std::string user;   ///< name or number; empty: the supervisor's
    std::string group;  ///< name or number; empty: the user's own
    std::optional<std::vector<std::string>> supplementary_groups;  ///< none: the user's own
    std::uint32_t umask = 022;
    std::string directory;  ///< empty: the service directory
    std::string chroot;
    std::vector<std::string> environment;  ///< "K=V", of `environment` and of env/
    std::vector<std::string> unset;        ///< names that env/ takes away
    std::string env_file;
    bool env_file_may_be_missing = false;
    std::optional<int> nice;
    std::optional<IoPriority> io_priority;
    std::vector<std::uint64_t> cpu_affinity;  ///< bit n: CPU n; empty: all
    std::optional<int> oom_score_adjust;
    std::vector<ResourceLimit> limits;
    std::optional<std::uint64_t> capability_bounding_set;  ///< bit n: capability n
    std::uint64_t ambient_capabilities = 0;
    std::uint32_t securebits = 0;
    bool no_new_privileges = false;
    std::string terminal;  ///< path of a device
    StreamTarget input;
    StreamTarget output = {StreamTarget::Kind::Log, {}};
    StreamTarget error = {StreamTarget::Kind::Output, {}};

    friend bool operator==(const ProcessSettings&, const ProcessSettings&) = default;
};

/// What cgroup v2 shall hold a service to. A size of the largest number is "max".
struct CgroupSettings {
    std::optional<std::uint64_t> memory_max;   ///< bytes
    std::optional<std::uint64_t> memory_high;  ///< bytes
    std::optional<std::uint64_t> pids_max;     ///< the largest number: "max"
    std::optional<std::uint32_t> cpu_max;      ///< per cent of one core
    std::optional<std::uint32_t> cpu_weight;   ///< 1 to 10000
    std::optional<std::uint32_t> io_weight;    ///< 1 to 10000

    bool is_empty() const noexcept { return *this == CgroupSettings(); }
    friend bool operator==(const CgroupSettings&, const CgroupSettings&) = default;
};

enum class LogTimestamp : std::uint8_t { Iso, Tai64n, None };

/// How svlog keeps the output of a service that has no logger of its own.
struct LogSettings {
    std::uint64_t memory = std::uint64_t{64} * 1024;      ///< bytes
    std::uint64_t max_size = std::uint64_t{1024} * 1024;  ///< bytes of a file
    std::uint32_t max_files = 10;                         ///< rotated ones that are kept
    Duration max_age = Duration(std::chrono::hours(24 * 365 * 100));  ///< infinity
    std::uint32_t min_free_percent = 5;                               ///< of the file system
    LogTimestamp timestamp = LogTimestamp::Iso;

    friend bool operator==(const LogSettings&, const LogSettings&) = default;
};

enum class Leftovers : std::uint8_t { Keep, Kill };

struct Definition {
    std::string path;      ///< where it is entered: "/etc/service/web"
    std::string resolved;  ///< the same without symlinks, for people; path where that fails
    RareText instance;     ///< of a template's instance: what stands behind the @
    RareText log_target;   ///< where a symlink `log` leads, resolved: a shared logger
    RareText description;
    Policy policy;
    ReadinessSettings readiness;
    Leftovers leftovers = Leftovers::Keep;
    int reload_signal = SIGHUP;
    bool has_down_file = false;
    bool has_log = false;      ///< there is a log directory (or a symlink to another service)
    bool has_control = false;  ///< there is a control directory

    /// Null: all defaults. Shared, because a definition is copied and never changed once it is
    /// read.
    std::shared_ptr<const Programs> own_programs;
    std::shared_ptr<const Relations> own_relations;
    std::shared_ptr<const ProcessSettings> own_process;
    std::shared_ptr<const CgroupSettings> own_cgroup;
    std::shared_ptr<const LogSettings> own_log;
    std::shared_ptr<const std::vector<ListenPoint>> own_listen;

    const Programs& programs() const noexcept;
    const Relations& relations() const noexcept;
    const ProcessSettings& process() const noexcept;
    const CgroupSettings& cgroup() const noexcept;
    const LogSettings& log() const noexcept;
    const std::vector<ListenPoint>& listen() const noexcept;

    /// Whether both say the same, wherever it is stored.
    friend bool operator==(const Definition& a, const Definition& b) noexcept;
};

std::string_view to_string(NotifyAccess access) noexcept;
std::string_view to_string(LogTimestamp timestamp) noexcept;
std::string_view to_string(Leftovers leftovers) noexcept;

}  // namespace mainstay::supervisor
