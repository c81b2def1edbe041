#include "supervisor/proc_family.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/fd_io.h"
#include "supervisor/proc_text.h"

namespace mainstay::supervisor {
namespace {

/// Of parents that are looked at; no sane tree is deeper.
constexpr int kMaxDepth = 64;

std::string proc_path(std::int32_t pid, const char* file) {
    return "/proc/" + std::to_string(pid) + "/" + file;
}

std::optional<ProcStat> stat_of(std::int32_t pid) {
    std::array<char, 1024> buffer;
    const auto text = read_file(proc_path(pid, "stat").c_str(), buffer);
    return text ? parse_proc_stat(*text) : std::nullopt;
}

bool belongs(std::int32_t pid, const ProcStat& stat, const RunProcesses& run) noexcept {
    return pid == run.run || pid == run.main || stat.session == run.run;
}

bool has_kin_above(ProcStat stat, const RunProcesses& run, std::int32_t own_pid) {
    for (int depth = 0; depth < kMaxDepth && stat.parent > 1 && stat.parent != own_pid; ++depth) {
        const std::int32_t parent = stat.parent;
        const auto above = stat_of(parent);
        if (!above) {
            return false;
        }
        if (belongs(parent, *above, run)) {
            return true;
        }
        stat = *above;
    }
    return false;
}

/// Its number may be somebody else's by now. A zombie still has its own.
bool is_reaped(int pidfd) noexcept {
    return pidfd >= 0 && ::syscall(SYS_pidfd_send_signal, pidfd, 0, nullptr, 0) < 0 &&
           errno == ESRCH;
}

}  // namespace

ProcFamily::ProcFamily(Cgroups& cgroups) : cgroups_(cgroups), own_pid_(::getpid()) {}

Kinship ProcFamily::kinship(const Sender& process, const RunProcesses& run) {
    const auto stat = stat_of(process.pid);
    if (!stat) {
        return Kinship::Gone;
    }
    Kinship kinship = Kinship::Stranger;
    if (belongs(process.pid, *stat, run) || has_kin_above(*stat, run, own_pid_) ||
        is_in_cgroup(process.pid, run.service)) {
        kinship = Kinship::Member;
    } else if (stat->parent == own_pid_) {
        kinship = Kinship::Descendant;
    }
    // What was read is about the sender only if that was still there afterwards.
    return is_reaped(process.pidfd) ? Kinship::Gone : kinship;
}

bool ProcFamily::is_in_cgroup(std::int32_t pid, ServiceId service) {
    const auto members = cgroups_.members(service);
    return std::find(members.begin(), members.end(), pid) != members.end();
}

std::optional<std::uint32_t> ProcFamily::uid_of(std::int32_t pid) {
    std::array<char, 4096> buffer;
    const auto text = read_file(proc_path(pid, "status").c_str(), buffer);
    return text ? parse_effective_uid(*text) : std::nullopt;
}

}  // namespace mainstay::supervisor
