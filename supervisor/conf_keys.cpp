#include "supervisor/conf_keys.h"

#include <array>
#include <limits>

#include "common/nearest.h"
#include "supervisor/conf_names.h"

namespace mainstay::supervisor {
namespace {

constexpr std::uint64_t kKibi = 1024;
constexpr std::uint64_t kMebi = kKibi * 1024;
constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

constexpr std::string_view kDuration =
    "a duration of at least 1 ms (a number of seconds, or with ms, s, min or h)";
constexpr std::string_view kDurationOrNever =
    "a duration of at least 1 ms (a number of seconds, or with ms, s, min or h), or infinity";
constexpr std::string_view kCommand = "a command: a program and its arguments, without a shell";
constexpr std::string_view kNames = "the name of a service";
constexpr std::string_view kPath = "an absolute path";
constexpr std::string_view kSignal = "a signal (TERM, SIGTERM or a number from 1 to 64)";
constexpr std::string_view kSizeLimit =
    "SOFT or SOFT:HARD, each a size (a number of bytes, or with K, M or G) or infinity";
constexpr std::string_view kNumberLimit = "SOFT or SOFT:HARD, each a number or infinity";
constexpr std::string_view kSize =
    "a size of at least 1 byte (a number of bytes, or with K, M or G), or infinity";
constexpr std::string_view kCapabilityNames = "the name of a capability, as capsh(1) has it";

template <ConfKey Key>
Taken take_limit_of(const ConfValue& value, ConfDraft& draft) {
    return take_limit(value, index_of(Key) - index_of(ConfKey::LimitAs), draft.process.limits);
}

constexpr std::array<ConfKeyInfo, kConfKeyCount> kKeys{{
    {ConfKey::Description, "description", Arity::Scalar, Reading::Text, "a text", "Shop front",
     [](const ConfValue& v, ConfDraft& d) { return take_text(v, d.description); }},
    {ConfKey::Type, "type", Arity::Scalar, Reading::Words, "longrun, oneshot or group", "oneshot",
     [](const ConfValue& v, ConfDraft& d) { return take_enum(v, d.policy.type); }},
    {ConfKey::Exec, "exec", Arity::Scalar, Reading::Words, kCommand, "httpd -f -h /srv/www",
     [](const ConfValue& v, ConfDraft& d) { return take_command(v, d.programs.run); }},
    {ConfKey::ExecSetup, "exec-setup", Arity::Scalar, Reading::Words, kCommand,
     "install -d -o web /run/web",
     [](const ConfValue& v, ConfDraft& d) { return take_command(v, d.programs.setup); }},
    {ConfKey::ExecStop, "exec-stop", Arity::Scalar, Reading::Words, kCommand, "redis-cli shutdown",
     [](const ConfValue& v, ConfDraft& d) { return take_command(v, d.programs.stop); }},
    {ConfKey::ExecReload, "exec-reload", Arity::Scalar, Reading::Words, kCommand, "nginx -s reload",
     [](const ConfValue& v, ConfDraft& d) { return take_command(v, d.programs.reload); }},
    {ConfKey::ExecFinish, "exec-finish", Arity::Scalar, Reading::Words, kCommand,
     "rm -f /run/web.pid",
     [](const ConfValue& v, ConfDraft& d) { return take_command(v, d.programs.finish); }},
    {ConfKey::ExecCheck, "exec-check", Arity::Scalar, Reading::Words, kCommand, "redis-cli ping",
     [](const ConfValue& v, ConfDraft& d) { return take_command(v, d.programs.check); }},
    {ConfKey::Members, "members", Arity::List, Reading::Words, kNames, "db cache",
     [](const ConfValue& v, ConfDraft& d) { return take_service_names(v, d.relations.members); }},
    {ConfKey::Needs, "needs", Arity::List, Reading::Words, kNames, "db cache",
     [](const ConfValue& v, ConfDraft& d) { return take_service_names(v, d.relations.needs); }},
    {ConfKey::Wants, "wants", Arity::List, Reading::Words, kNames, "db cache",
     [](const ConfValue& v, ConfDraft& d) { return take_service_names(v, d.relations.wants); }},
    {ConfKey::After, "after", Arity::List, Reading::Words, kNames, "db cache",
     [](const ConfValue& v, ConfDraft& d) { return take_service_names(v, d.relations.after); }},
    {ConfKey::Before, "before", Arity::List, Reading::Words, kNames, "db cache",
     [](const ConfValue& v, ConfDraft& d) { return take_service_names(v, d.relations.before); }},
    {ConfKey::Conflicts, "conflicts", Arity::List, Reading::Words, kNames, "db cache",
     [](const ConfValue& v, ConfDraft& d) { return take_service_names(v, d.relations.conflicts); }},
    {ConfKey::Ready, "ready", Arity::Scalar, Reading::Words,
     "exec, fd N (N from 3 to 1023), notify or check", "fd 3",
     [](const ConfValue& v, ConfDraft& d) { return take_ready(v, d); }},
    {ConfKey::NotifyAccess, "notify-access", Arity::Scalar, Reading::Words, "main or all", "all",
     [](const ConfValue& v, ConfDraft& d) { return take_enum(v, d.readiness.access); }},
    {ConfKey::FdStoreMax, "fd-store-max", Arity::Scalar, Reading::Words, "a number from 0 to 31",
     "16",
     [](const ConfValue& v, ConfDraft& d) {
         return take_number(v, {0, kMostStored}, d.readiness.store_max);
     }},
    {ConfKey::CheckInterval, "check-interval", Arity::Scalar, Reading::Words, kDuration, "500ms",
     [](const ConfValue& v, ConfDraft& d) {
         return take_duration(v, Infinity::Refused, d.readiness.check_interval);
     }},
    {ConfKey::WatchdogTimeout, "watchdog-timeout", Arity::Scalar, Reading::Words, kDurationOrNever,
     "30s",
     [](const ConfValue& v, ConfDraft& d) {
         return take_duration(v, Infinity::Allowed, d.policy.watchdog_timeout);
     }},
    {ConfKey::StartTimeout, "start-timeout", Arity::Scalar, Reading::Words, kDurationOrNever,
     "5min",
     [](const ConfValue& v, ConfDraft& d) {
         return take_duration(v, Infinity::Allowed, d.policy.start_timeout);
     }},
    {ConfKey::StopTimeout, "stop-timeout", Arity::Scalar, Reading::Words, kDurationOrNever, "30s",
     [](const ConfValue& v, ConfDraft& d) {
         return take_duration(v, Infinity::Allowed, d.policy.stop_timeout);
     }},
    {ConfKey::FinishTimeout, "finish-timeout", Arity::Scalar, Reading::Words, kDurationOrNever,
     "20s",
     [](const ConfValue& v, ConfDraft& d) {
         return take_duration(v, Infinity::Allowed, d.policy.finish_timeout);
     }},
    {ConfKey::StopSignal, "stop-signal", Arity::Scalar, Reading::Words, kSignal, "INT",
     [](const ConfValue& v, ConfDraft& d) { return take_signal(v, d.policy.stop_signal); }},
    {ConfKey::ReloadSignal, "reload-signal", Arity::Scalar, Reading::Words, kSignal, "USR1",
     [](const ConfValue& v, ConfDraft& d) { return take_signal(v, d.reload_signal); }},
    {ConfKey::Leftovers, "leftovers", Arity::Scalar, Reading::Words, "keep or kill", "kill",
     [](const ConfValue& v, ConfDraft& d) { return take_enum(v, d.leftovers); }},
    {ConfKey::Restart, "restart", Arity::Scalar, Reading::Words, "always, on-failure or never",
     "on-failure", [](const ConfValue& v, ConfDraft& d) { return take_enum(v, d.policy.restart); }},
    {ConfKey::RestartDelay, "restart-delay", Arity::Scalar, Reading::Words, kDuration, "500ms",
     [](const ConfValue& v, ConfDraft& d) {
         return take_duration(v, Infinity::Refused, d.policy.pacing.delay);
     }},
    {ConfKey::RestartDelayMax, "restart-delay-max", Arity::Scalar, Reading::Words, kDuration,
     "1min",
     [](const ConfValue& v, ConfDraft& d) {
         return take_duration(v, Infinity::Refused, d.policy.pacing.delay_max);
     }},
    {ConfKey::RestartResetAfter, "restart-reset-after", Arity::Scalar, Reading::Words,
     kDurationOrNever, "2min",
     [](const ConfValue& v, ConfDraft& d) {
         return take_duration(v, Infinity::Allowed, d.policy.pacing.reset_after);
     }},
    {ConfKey::RestartLimitCount, "restart-limit-count", Arity::Scalar, Reading::Words,
     "a number from 0 (no limit) to 1000000", "5",
     [](const ConfValue& v, ConfDraft& d) {
         return take_number(v, {0, 1000000}, d.policy.restart_limit_count);
     }},
    {ConfKey::RestartLimitInterval, "restart-limit-interval", Arity::Scalar, Reading::Words,
     kDurationOrNever, "1min",
     [](const ConfValue& v, ConfDraft& d) {
         return take_duration(v, Infinity::Allowed, d.policy.restart_limit_interval);
     }},
    {ConfKey::SuccessStatus, "success-status", Arity::List, Reading::Words,
     "an exit code from 0 to 255 or the name of a signal", "2 INT",
     [](const ConfValue& v, ConfDraft& d) {
         return take_codes_and_signals(v, d.policy.success_status);
     }},
    {ConfKey::PermanentFailureStatus, "permanent-failure-status", Arity::List, Reading::Words,
     "an exit code from 0 to 255", "64 78",
     [](const ConfValue& v, ConfDraft& d) {
         return take_codes(v, d.policy.permanent_failure_status);
     }},
    {ConfKey::OnFailureAction, "on-failure-action", Arity::Scalar, Reading::Words,
     "none, reboot, poweroff, exit or exec COMMAND", "exec /usr/sbin/alert %n",
     [](const ConfValue& v, ConfDraft& d) { return take_failure_action(v, d); }},
    {ConfKey::User, "user", Arity::Scalar, Reading::Words, "the name or number of a user",
     "www-data", [](const ConfValue& v, ConfDraft& d) { return take_account(v, d.process.user); }},
    {ConfKey::Group, "group", Arity::Scalar, Reading::Words, "the name or number of a group",
     "www-data", [](const ConfValue& v, ConfDraft& d) { return take_account(v, d.process.group); }},
    {ConfKey::SupplementaryGroups, "supplementary-groups", Arity::List, Reading::Words,
     "the name or number of a group", "ssl-cert audio",
     [](const ConfValue& v, ConfDraft& d) {
         return take_groups(v, d.process.supplementary_groups);
     }},
    {ConfKey::Umask, "umask", Arity::Scalar, Reading::Words, "an octal number from 0 to 0777",
     "027", [](const ConfValue& v, ConfDraft& d) { return take_octal(v, 0777, d.process.umask); }},
    {ConfKey::Directory, "directory", Arity::Scalar, Reading::Words, kPath, "/srv/www",
     [](const ConfValue& v, ConfDraft& d) { return take_path(v, d.process.directory); }},
    {ConfKey::Chroot, "chroot", Arity::Scalar, Reading::Words, kPath, "/srv/jail",
     [](const ConfValue& v, ConfDraft& d) { return take_path(v, d.process.chroot); }},
    {ConfKey::EnvironmentList, "environment", Arity::List, Reading::Words, "NAME=VALUE",
     "LANG=C.UTF-8 \"MOTTO=keep going\"",
     [](const ConfValue& v, ConfDraft& d) { return take_environment(v, d.environment); }},
    {ConfKey::EnvFile, "env-file", Arity::Scalar, Reading::Words,
     "an absolute path, with a - before it if the file may be missing", "-/etc/default/web",
     [](const ConfValue& v, ConfDraft& d) { return take_env_file(v, d); }},
    {ConfKey::Nice, "nice", Arity::Scalar, Reading::Words, "a number from -20 to 19", "5",
     [](const ConfValue& v, ConfDraft& d) {
         return take_number(v, {-20, 19}, d.process.nice);
     }},
    {ConfKey::Ionice, "ionice", Arity::Scalar, Reading::Words,
     "idle, best-effort:N or realtime:N (N from 0, the first, to 7)", "best-effort:6",
     [](const ConfValue& v, ConfDraft& d) { return take_io_priority(v, d.process.io_priority); }},
    {ConfKey::CpuAffinity, "cpu-affinity", Arity::Scalar, Reading::Words,
     "numbers of processors and ranges of them with commas between, below 8192", "0-3,8",
     [](const ConfValue& v, ConfDraft& d) { return take_cpus(v, d.process.cpu_affinity); }},
    {ConfKey::OomScoreAdj, "oom-score-adj", Arity::Scalar, Reading::Words,
     "a number from -1000 to 1000", "-500",
     [](const ConfValue& v,
        ConfDraft& d) { return take_number(v, {-1000, 1000}, d.process.oom_score_adjust); }},
    {ConfKey::LimitAs, "limit-as", Arity::Scalar, Reading::Words, kSizeLimit, "2G",
     [](const ConfValue& v, ConfDraft& d) { return take_limit_of<ConfKey::LimitAs>(v, d); }},
    {ConfKey::LimitCore, "limit-core", Arity::Scalar, Reading::Words, kSizeLimit, "infinity",
     [](const ConfValue& v, ConfDraft& d) { return take_limit_of<ConfKey::LimitCore>(v, d); }},
    {ConfKey::LimitCpu, "limit-cpu", Arity::Scalar, Reading::Words, kNumberLimit, "3600",
     [](const ConfValue& v, ConfDraft& d) { return take_limit_of<ConfKey::LimitCpu>(v, d); }},
    {ConfKey::LimitData, "limit-data", Arity::Scalar, Reading::Words, kSizeLimit, "1G",
     [](const ConfValue& v, ConfDraft& d) { return take_limit_of<ConfKey::LimitData>(v, d); }},
    {ConfKey::LimitFsize, "limit-fsize", Arity::Scalar, Reading::Words, kSizeLimit, "10G",
     [](const ConfValue& v, ConfDraft& d) { return take_limit_of<ConfKey::LimitFsize>(v, d); }},
    {ConfKey::LimitLocks, "limit-locks", Arity::Scalar, Reading::Words, kNumberLimit, "100",
     [](const ConfValue& v, ConfDraft& d) { return take_limit_of<ConfKey::LimitLocks>(v, d); }},
    {ConfKey::LimitMemlock, "limit-memlock", Arity::Scalar, Reading::Words, kSizeLimit, "64M",
     [](const ConfValue& v, ConfDraft& d) { return take_limit_of<ConfKey::LimitMemlock>(v, d); }},
    {ConfKey::LimitMsgqueue, "limit-msgqueue", Arity::Scalar, Reading::Words, kSizeLimit, "800K",
     [](const ConfValue& v, ConfDraft& d) { return take_limit_of<ConfKey::LimitMsgqueue>(v, d); }},
    {ConfKey::LimitNice, "limit-nice", Arity::Scalar, Reading::Words, kNumberLimit, "30",
     [](const ConfValue& v, ConfDraft& d) { return take_limit_of<ConfKey::LimitNice>(v, d); }},
    {ConfKey::LimitNofile, "limit-nofile", Arity::Scalar, Reading::Words, kNumberLimit, "4096:8192",
     [](const ConfValue& v, ConfDraft& d) { return take_limit_of<ConfKey::LimitNofile>(v, d); }},
    {ConfKey::LimitNproc, "limit-nproc", Arity::Scalar, Reading::Words, kNumberLimit, "500",
     [](const ConfValue& v, ConfDraft& d) { return take_limit_of<ConfKey::LimitNproc>(v, d); }},
    {ConfKey::LimitRss, "limit-rss", Arity::Scalar, Reading::Words, kSizeLimit, "1G",
     [](const ConfValue& v, ConfDraft& d) { return take_limit_of<ConfKey::LimitRss>(v, d); }},
    {ConfKey::LimitRtprio, "limit-rtprio", Arity::Scalar, Reading::Words, kNumberLimit, "10",
     [](const ConfValue& v, ConfDraft& d) { return take_limit_of<ConfKey::LimitRtprio>(v, d); }},
    {ConfKey::LimitRttime, "limit-rttime", Arity::Scalar, Reading::Words, kNumberLimit,
     "200000:1000000",
     [](const ConfValue& v, ConfDraft& d) { return take_limit_of<ConfKey::LimitRttime>(v, d); }},
    {ConfKey::LimitSigpending, "limit-sigpending", Arity::Scalar, Reading::Words, kNumberLimit,
     "1000",
     [](const ConfValue& v,
        ConfDraft& d) { return take_limit_of<ConfKey::LimitSigpending>(v, d); }},
    {ConfKey::LimitStack, "limit-stack", Arity::Scalar, Reading::Words, kSizeLimit, "8M:16M",
     [](const ConfValue& v, ConfDraft& d) { return take_limit_of<ConfKey::LimitStack>(v, d); }},
    {ConfKey::CapabilityBoundingSet, "capability-bounding-set", Arity::List, Reading::Words,
     kCapabilityNames, "cap_net_bind_service cap_setuid cap_setgid",
     [](const ConfValue& v, ConfDraft& d) {
         return take_capabilities(v, d.process.capability_bounding_set);
     }},
    {ConfKey::AmbientCapabilities, "ambient-capabilities", Arity::List, Reading::Words,
     kCapabilityNames, "cap_net_bind_service",
     [](const ConfValue& v,
        ConfDraft& d) { return take_capabilities(v, d.process.ambient_capabilities); }},
    {ConfKey::Securebits, "securebits", Arity::List, Reading::Words,
     "noroot, no-setuid-fixup, keep-caps or no-cap-ambient-raise, or one of them with -locked",
     "noroot noroot-locked",
     [](const ConfValue& v, ConfDraft& d) { return take_securebits(v, d.process.securebits); }},
    {ConfKey::NoNewPrivileges, "no-new-privileges", Arity::Scalar, Reading::Words, "yes or no",
     "yes",
     [](const ConfValue& v, ConfDraft& d) { return take_bool(v, d.process.no_new_privileges); }},
    {ConfKey::Tty, "tty", Arity::Scalar, Reading::Words, "an absolute path of a terminal",
     "/dev/tty1",
     [](const ConfValue& v, ConfDraft& d) { return take_path(v, d.process.terminal); }},
    {ConfKey::Stdin, "stdin", Arity::Scalar, Reading::Words,
     "null, file:PATH, tty or socket, PATH being absolute", "file:/etc/motd",
     [](const ConfValue& v, ConfDraft& d) { return take_stdin(v, d); }},
    {ConfKey::Stdout, "stdout", Arity::Scalar, Reading::Words,
     "log, null, console, tty, file:PATH or append:PATH, PATH being absolute",
     "append:/var/log/web.out", [](const ConfValue& v, ConfDraft& d) { return take_stdout(v, d); }},
    {ConfKey::Stderr, "stderr", Arity::Scalar, Reading::Words,
     "stdout, log, null, console, tty, file:PATH or append:PATH, PATH being absolute", "log",
     [](const ConfValue& v, ConfDraft& d) { return take_stderr(v, d); }},
    {ConfKey::MemoryMax, "memory-max", Arity::Scalar, Reading::Words, kSize, "256M",
     [](const ConfValue& v, ConfDraft& d) { return take_size(v, d.cgroup.memory_max); }},
    {ConfKey::MemoryHigh, "memory-high", Arity::Scalar, Reading::Words, kSize, "256M",
     [](const ConfValue& v, ConfDraft& d) { return take_size(v, d.cgroup.memory_high); }},
    {ConfKey::PidsMax, "pids-max", Arity::Scalar, Reading::Words,
     "a number of at least 1, or infinity", "100",
     [](const ConfValue& v, ConfDraft& d) { return take_count(v, d.cgroup.pids_max); }},
    {ConfKey::CpuMax, "cpu-max", Arity::Scalar, Reading::Percent,
     "a percentage of one processor, from 1% to 819200%", "150%",
     [](const ConfValue& v, ConfDraft& d) { return take_cpu_max(v, d); }},
    {ConfKey::CpuWeight, "cpu-weight", Arity::Scalar, Reading::Words, "a number from 1 to 10000",
     "50",
     [](const ConfValue& v,
        ConfDraft& d) { return take_number(v, {1, 10000}, d.cgroup.cpu_weight); }},
    {ConfKey::IoWeight, "io-weight", Arity::Scalar, Reading::Words, "a number from 1 to 10000",
     "50",
     [](const ConfValue& v,
        ConfDraft& d) { return take_number(v, {1, 10000}, d.cgroup.io_weight); }},
    {ConfKey::LogMemory, "log-memory", Arity::Scalar, Reading::Words, "a size from 4K to 16M",
     "256K",
     [](const ConfValue& v,
        ConfDraft& d) { return take_size(v, 4 * kKibi, 16 * kMebi, d.log.memory); }},
    {ConfKey::LogMaxSize, "log-max-size", Arity::Scalar, Reading::Words,
     "a size of at least 4K, or infinity", "10M",
     [](const ConfValue& v,
        ConfDraft& d) { return take_size(v, 4 * kKibi, kUnlimited, d.log.max_size); }},
    {ConfKey::LogMaxFiles, "log-max-files", Arity::Scalar, Reading::Words,
     "a number from 0 to 10000", "20",
     [](const ConfValue& v, ConfDraft& d) { return take_number(v, {0, 10000}, d.log.max_files); }},
    {ConfKey::LogMaxAge, "log-max-age", Arity::Scalar, Reading::Words, kDurationOrNever, "720h",
     [](const ConfValue& v, ConfDraft& d) {
         return take_duration(v, Infinity::Allowed, d.log.max_age);
     }},
    {ConfKey::LogMinFree, "log-min-free", Arity::Scalar, Reading::Percent,
     "a percentage from 0% to 99%", "10%",
     [](const ConfValue& v,
        ConfDraft& d) { return take_percent(v, {0, 99}, d.log.min_free_percent); }},
    {ConfKey::LogTimestamp, "log-timestamp", Arity::Scalar, Reading::Words, "iso, tai64n or none",
     "tai64n", [](const ConfValue& v, ConfDraft& d) { return take_enum(v, d.log.timestamp); }},
    {ConfKey::Listen, "listen", Arity::List, Reading::Words,
     "a place (tcp:ADDRESS:PORT, udp:ADDRESS:PORT, unix:PATH, unix-dgram:PATH, "
     "unix-seqpacket:PATH or fifo:PATH) and its options",
     "unix:/run/web.sock mode=0660 group=www-data",
     [](const ConfValue& v, ConfDraft& d) { return take_listen(v, d.listen); }},
}};

constexpr bool each_is_at_its_index() {
    for (std::size_t i = 0; i < kKeys.size(); ++i) {
        if (index_of(kKeys[i].key) != i || kKeys[i].name.empty() || kKeys[i].take == nullptr) {
            return false;
        }
    }
    return true;
}
static_assert(each_is_at_its_index());

constexpr std::array<std::string_view, kConfKeyCount> kKeyNames = [] {
    std::array<std::string_view, kConfKeyCount> names;
    for (std::size_t i = 0; i < names.size(); ++i) {
        names[i] = kKeys[i].name;
    }
    return names;
}();

}  // namespace

std::span<const ConfKeyInfo, kConfKeyCount> conf_keys() noexcept {
    return kKeys;
}

const ConfKeyInfo& info_of(ConfKey key) noexcept {
    return kKeys[index_of(key)];
}

const ConfKeyInfo* find_conf_key(std::string_view name) noexcept {
    for (const ConfKeyInfo& info : kKeys) {
        if (info.name == name) {
            return &info;
        }
    }
    return nullptr;
}

std::string_view nearest_conf_key(std::string_view name) noexcept {
    return nearest_word(name, kKeyNames);
}

}  // namespace mainstay::supervisor
