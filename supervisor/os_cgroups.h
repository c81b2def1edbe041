/// The seam to control groups (cgroup v2): one a service, below the supervisor's own. Where there
/// is no cgroup v2, or none that may be written, everything works without: the real one says so
/// once and then answers as if services had no cgroup. Nothing here blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/definition.h"
#include "supervisor/os_processes.h"

namespace mainstay::supervisor {

/// What a service's cgroup uses now. A figure that the kernel does not give (its controller is off)
/// is absent.
struct CgroupUsage {
    std::optional<std::uint64_t> memory_bytes;
    std::optional<std::uint64_t> memory_peak_bytes;
    std::optional<std::uint64_t> cpu_microseconds;
    std::optional<std::uint64_t> tasks;

    friend bool operator==(const CgroupUsage&, const CgroupUsage&) noexcept = default;
};

struct CgroupEntry {
    int directory =
        -1;  ///< for CLONE_INTO_CGROUP; borrowed until the next enter(); -1: there is none
    bool is_new = false;  ///< nothing has been counted in it yet
};

class Cgroups {
  public:
    Cgroups() = default;
    Cgroups(const Cgroups&) = delete;
    Cgroups& operator=(const Cgroups&) = delete;
    virtual ~Cgroups() = default;

    /// Makes the service's cgroup where there is none yet and sets what the settings say; what the
    /// kernel refuses is told in the journal and goes without.
    /// @param name is kept by its owner until forget()
    virtual CgroupEntry enter(ServiceId service, const std::string& name,
                              const CgroupSettings& settings) = 0;

    /// It has one already, from a supervisor before this one: nothing is set in it now, but who was
    /// left frozen by one that died within kill_members() goes on.
    /// @param name as for enter()
    virtual void resume(ServiceId service, const std::string& name) = 0;

    /// Processes that are in it now, in no order; empty where there is no cgroup.
    virtual std::vector<std::int32_t> members(ServiceId service) = 0;

    /// KILL to all of them, while none of them can fork. Others can be born into it afterwards.
    /// @returns whether there was a cgroup to do it with
    virtual bool kill_members(ServiceId service) = 0;

    /// How often the kernel's OOM killer took one of its processes, since the cgroup was made.
    virtual std::uint64_t oom_kills(ServiceId service) = 0;

    virtual CgroupUsage usage(ServiceId service) = 0;

    /// Removes it where it is empty.
    virtual void forget(ServiceId service) = 0;
};

}  // namespace mainstay::supervisor
