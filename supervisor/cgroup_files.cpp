#include "supervisor/cgroup_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <memory>
#include <set>
#include <span>

#include "common/fd_io.h"
#include "common/unique_fd.h"
#include "supervisor/cgroup_place.h"

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kMaxText = std::size_t{256} * 1024;
constexpr int kMaxDepth = 8;         // of cgroups that a service makes for itself
constexpr int kMaxKillRounds = 100;  // members may fork until they are frozen

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

UniqueFd open_at(int directory, const std::string& path, int flags) {
    return UniqueFd(::openat(directory, path.c_str(), flags | O_CLOEXEC));
}

std::string below(const std::string& path, const std::string& name) {
    std::string result = path;
    result.append("/").append(name);
    return result;
}

/// Of a kernel file system a directory has two links and one for each directory in it.
bool has_cgroups(int directory, const std::string& path) {
    constexpr nlink_t kLinksOfLeaf = 2;
    struct stat status {};
    return ::fstatat(directory, path.c_str(), &status, 0) == 0 && status.st_nlink > kLinksOfLeaf;
}

enum class Members : std::uint8_t { Processes, Threads };

void add_own(int directory, const std::string& path, Members which,
             std::vector<std::int32_t>& pids) {
    const char* file = which == Members::Processes ? "/cgroup.procs" : "/cgroup.threads";
    const std::string text = read_cgroup_file(directory, path + file);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (const auto pid = single_number(std::string_view(text).substr(at, end - at))) {
            pids.push_back(static_cast<std::int32_t>(*pid));
        }
        at = end + 1;
    }
}

void add_all(int directory, const std::string& path, Members which, std::vector<std::int32_t>& pids,
             int depth) {
    add_own(directory, path, which, pids);
    if (depth < kMaxDepth && has_cgroups(directory, path)) {
        for (const std::string& name : cgroups_in(directory, path)) {
            add_all(directory, below(path, name), which, pids, depth + 1);
        }
    }
}

void remove_tree(int directory, const std::string& path, int depth) {
    const auto remove = [&] { return ::unlinkat(directory, path.c_str(), AT_REMOVEDIR) == 0; };
    if (remove() || depth >= kMaxDepth || !has_cgroups(directory, path)) {
        return;
    }
    for (const std::string& name : cgroups_in(directory, path)) {
        remove_tree(directory, below(path, name), depth + 1);
    }
    remove();
}

}  // namespace

std::string read_cgroup_file(int directory, const std::string& path) {
    constexpr std::size_t kUsual = 1024;
    const UniqueFd file = open_at(directory, path, O_RDONLY);
    std::string text;
    std::size_t filled = 0;
    while (file.valid() && filled == text.size() && filled < kMaxText) {
        text.resize(std::max(text.size() * 2, kUsual));
        const auto got = read_up_to(file.get(), std::span(text).subspan(filled));
        if (!got) {
            break;
        }
        filled += got->size();
    }
    text.resize(filled);
    return text;
}

Result<void> write_cgroup_file(int directory, const std::string& path, std::string_view text) {
    const UniqueFd file = open_at(directory, path, O_WRONLY);
    return file.valid() ? write_all(file.get(), text) : last_error("open");
}

std::vector<std::string> cgroups_in(int directory, const std::string& path) {
    std::vector<std::string> names;
    UniqueFd fd = open_at(directory, path, O_RDONLY | O_DIRECTORY);
    const std::unique_ptr<DIR, CloseDirectory> entries(fd.valid() ? ::fdopendir(fd.get())
                                                                  : nullptr);
    if (entries) {
        static_cast<void>(fd.release());
    }
    while (const dirent* entry = entries ? ::readdir(entries.get()) : nullptr) {
        const std::string_view name = entry->d_name;
        if (entry->d_type == DT_DIR && name != "." && name != "..") {
            names.emplace_back(name);
        }
    }
    return names;
}

std::vector<std::int32_t> cgroup_members(int directory, const std::string& path) {
    std::vector<std::int32_t> pids;
    add_all(directory, path, Members::Processes, pids, 0);
    return pids;
}

std::size_t cgroup_threads(int directory, const std::string& path) {
    std::vector<std::int32_t> threads;
    add_all(directory, path, Members::Threads, threads, 0);
    return threads.size();
}

void move_processes(const std::string& from, const std::string& to) {
    std::vector<std::int32_t> pids;
    add_own(AT_FDCWD, from, Members::Processes, pids);
    for (const std::int32_t pid : pids) {
        // 0 is who is of a pid namespace that is not ours; written, it would be ourselves.
        if (pid > 0) {
            static_cast<void>(
                write_cgroup_file(AT_FDCWD, to + "/cgroup.procs", std::to_string(pid)));
        }
    }
}

void remove_cgroup(int directory, const std::string& path) {
    remove_tree(directory, path, 0);
}

/// Not by cgroup.kill: on Linux 6.18 whoever is born into a cgroup (CLONE_INTO_CGROUP) that it was
/// ever written to is killed at birth.
/// Frozen, nobody forks; one who did before that is met in the next round. KILL thaws its target.
void kill_cgroup(int directory, const std::string& path) {
    const std::string freeze = path + "/cgroup.freeze";
    const bool is_frozen = write_cgroup_file(directory, freeze, "1").has_value();
    std::set<std::int32_t> killed;
    for (int round = 0; round < kMaxKillRounds; ++round) {
        bool met_anyone = false;
        for (const std::int32_t pid : cgroup_members(directory, path)) {
            met_anyone = killed.insert(pid).second || met_anyone;
            if (pid > 0) {  // 0: of a pid namespace that is not ours
                ::kill(pid, SIGKILL);
            }
        }
        if (!met_anyone) {
            break;
        }
    }
    if (is_frozen) {
        static_cast<void>(write_cgroup_file(directory, freeze, "0"));
    }
}

void thaw_cgroup(int directory, const std::string& path) {
    const std::string freeze = path + "/cgroup.freeze";
    if (read_cgroup_file(directory, freeze).starts_with('1')) {
        static_cast<void>(write_cgroup_file(directory, freeze, "0"));
    }
}

}  // namespace mainstay::supervisor
