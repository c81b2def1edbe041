/// PURE. The keys of service.conf: one table for reading a file, for the nearest known word, and
/// for the tests that hold the manual page and the examples to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "supervisor/conf_draft.h"
#include "supervisor/conf_values.h"

namespace mainstay::supervisor {

/// In the order of the manual page. The limits are in the order of limit_infos().
enum class ConfKey : std::uint8_t {
    Description,
    Type,
    Exec,
    ExecSetup,
    ExecStop,
    ExecReload,
    ExecFinish,
    ExecCheck,
    Members,
    Needs,
    Wants,
    After,
    Before,
    Conflicts,
    Ready,
    NotifyAccess,
    FdStoreMax,
    CheckInterval,
    WatchdogTimeout,
    StartTimeout,
    StopTimeout,
    FinishTimeout,
    StopSignal,
    ReloadSignal,
    Leftovers,
    Restart,
    RestartDelay,
    RestartDelayMax,
    RestartResetAfter,
    RestartLimitCount,
    RestartLimitInterval,
    SuccessStatus,
    PermanentFailureStatus,
    OnFailureAction,
    User,
    Group,
    SupplementaryGroups,
    Umask,
    Directory,
    Chroot,
    EnvironmentList,
    EnvFile,
    Nice,
    Ionice,
    CpuAffinity,
    OomScoreAdj,
    LimitAs,
    LimitCore,
    LimitCpu,
    LimitData,
    LimitFsize,
    LimitLocks,
    LimitMemlock,
    LimitMsgqueue,
    LimitNice,
    LimitNofile,
    LimitNproc,
    LimitRss,
    LimitRtprio,
    LimitRttime,
    LimitSigpending,
    LimitStack,
    CapabilityBoundingSet,
    AmbientCapabilities,
    Securebits,
    NoNewPrivileges,
    Tty,
    Stdin,
    Stdout,
    Stderr,
    MemoryMax,
    MemoryHigh,
    PidsMax,
    CpuMax,
    CpuWeight,
    IoWeight,
    LogMemory,
    LogMaxSize,
    LogMaxFiles,
    LogMaxAge,
    LogMinFree,
    LogTimestamp,
    Listen,
};
inline constexpr std::size_t kConfKeyCount = static_cast<std::size_t>(ConfKey::Listen) + 1;

constexpr std::size_t index_of(ConfKey key) noexcept {
    return static_cast<std::size_t>(key);
}

enum class Arity : std::uint8_t {
    Scalar,  ///< once a file
    List,    ///< each line adds to it, an empty value clears it
};

/// What of a value is made ready for the key.
enum class Reading : std::uint8_t {
    Words,    ///< split, %-sequences replaced
    Text,     ///< not split, %-sequences replaced
    Percent,  ///< split; a % is a per cent
};

struct ConfKeyInfo {
    ConfKey key;
    std::string_view name;
    Arity arity;
    Reading reading;
    std::string_view allowed;  ///< what it takes, for "… is not ALLOWED"
    std::string_view example;  ///< a value that it takes
    Taken (*take)(const ConfValue& value, ConfDraft& into);
};

/// Each at the index that is its key.
std::span<const ConfKeyInfo, kConfKeyCount> conf_keys() noexcept;

const ConfKeyInfo& info_of(ConfKey key) noexcept;

/// @returns null for an unknown name.
const ConfKeyInfo* find_conf_key(std::string_view name) noexcept;

/// The known name nearest to @p name; empty where none is near.
std::string_view nearest_conf_key(std::string_view name) noexcept;

}  // namespace mainstay::supervisor
