#include "supervisor/proc_family.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/fd_io.h"
#include "supervisor/file_tree.h"
#include "supervisor/proc_text.h"

namespace mainstay::supervisor {
namespace {

/// Of a service's processes that are looked at: a request for a page is to be answered soon.
constexpr std::size_t kMostProcesses = 1000;

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

/// As its threads' lists have them (proc(5); CONFIG_PROC_CHILDREN). Nothing of one that is gone.
std::vector<std::int32_t> children_of(std::int32_t pid) {
    std::vector<std::int32_t> children;
    const std::string threads = proc_path(pid, "task");
    const auto directory = OpenDirectory::open(FileTree(), threads);
    const auto entries =
        directory ? directory->entries() : Result<std::vector<DirectoryEntry>>(directory.error());
    if (!entries) {
        return children;
    }
    for (const DirectoryEntry& thread : *entries) {
        std::array<char, 16384> buffer;
        const std::string path = threads + "/" + thread.name + "/children";
        if (const auto text = read_file(path.c_str(), buffer)) {
            parse_proc_children(*text, children);
        }
    }
    return children;
}

bool is_zombie(std::int32_t pid) {
    std::array<char, 1024> buffer;
    const auto text = read_file(proc_path(pid, "stat").c_str(), buffer);
    return text && parse_proc_state(*text) == 'Z';
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

ZombiesView ProcFamily::zombies_below(std::int32_t pid) {
    ZombiesView zombies;
    std::vector<std::int32_t> family = {pid};
    for (std::size_t i = 0; i < family.size() && family.size() < kMostProcesses; ++i) {
        const std::uint32_t before = zombies.count;
        for (const std::int32_t child : children_of(family[i])) {
            if (is_zombie(child)) {
                ++zombies.count;
            } else {
                family.push_back(child);
            }
        }
        if (zombies.count > before && zombies.parents.size() < kMostZombieParents) {
            zombies.parents.push_back(family[i]);
        }
    }
    return zombies;
}

}  // namespace mainstay::supervisor
