#include "supervisor/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <set>

#include "common/fd_io.h"
#include "supervisor/cgroup_place.h"

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kMaxText = std::size_t{256} * 1024;
constexpr int kMaxDepth = 8;         // of cgroups that a service makes for itself
constexpr int kMaxKillRounds = 100;  // members may fork until they are frozen
constexpr int kMaxSupervisors = 64;
constexpr mode_t kMode = 0755;

std::string read_text(const std::string& path) {
    std::string text(4096, '\0');
    const auto file = open_file(path.c_str(), O_RDONLY);
    if (!file) {
        return {};
    }
    std::size_t filled = 0;
    while (filled < kMaxText) {
        const auto got = read_up_to(file->get(), std::span(text).subspan(filled));
        filled += got ? got->size() : 0;
        if (!got || filled < text.size()) {
            break;
        }
        text.resize(text.size() * 2);
    }
    text.resize(filled);
    return text;
}

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

/// Calls @p use with the name of each directory in @p path.
template <typename Use>
void for_each_directory(const std::string& path, Use use) {
    const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
    while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
        if (entry->d_type == DT_DIR && std::strcmp(entry->d_name, ".") != 0 &&
            std::strcmp(entry->d_name, "..") != 0) {
            use(entry->d_name);
        }
    }
}

/// A service may have divided its cgroup further.
void add_members(const std::string& path, std::vector<std::int32_t>& pids, int depth) {
    const std::string text = read_text(path + "/cgroup.procs");
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (const auto pid = single_number(std::string_view(text).substr(at, end - at))) {
            pids.push_back(static_cast<std::int32_t>(*pid));
        }
        at = end + 1;
    }
    if (depth < kMaxDepth) {
        for_each_directory(
            path, [&](const char* name) { add_members(path + "/" + name, pids, depth + 1); });
    }
}

/// Empty ones of a service, deepest first, and itself.
void remove_tree(const std::string& path, int depth) {
    if (::rmdir(path.c_str()) == 0 || depth >= kMaxDepth) {
        return;
    }
    for_each_directory(path, [&](const char* name) { remove_tree(path + "/" + name, depth + 1); });
    ::rmdir(path.c_str());
}

std::string cannot(const std::string& action, const std::string& path, int code) {
    return "cgroup: " + action + " " + path + ": " + errno_text(code);
}

}  // namespace

CgroupTree::CgroupTree(Journal& journal) : journal_(journal) {}

CgroupTree::~CgroupTree() {
    if (lock_.valid()) {
        remove_stale();
        ::rmdir(top_.c_str());
    }
}

void CgroupTree::say_once(const std::string& what) {
    if (said_.insert(what).second) {
        journal_.warning(what);
    }
}

/// Looks once; that there is nothing is an answer too.
bool CgroupTree::is_there() {
    if (!looked_) {
        looked_ = true;
        own_ = own_cgroup(read_text("/proc/self/mountinfo"), read_text("/proc/self/cgroup"));
        if (!own_) {
            say_once("cgroup: no cgroup v2 is mounted; services run without limits by cgroup");
        } else if (!make_top()) {
            top_.clear();
        }
    }
    return !top_.empty();
}

bool CgroupTree::make_top() {
    const std::string first = *own_ + "/" + kCgroupTop;
    if (take_top(first)) {
        return true;
    }
    for (int number = 1; number < kMaxSupervisors && !top_.empty(); ++number) {
        if (take_top(first + "." + std::to_string(number))) {
            return true;
        }
    }
    return false;
}

/// @returns false with top_ empty where there can be none, with top_ set where another has it.
bool CgroupTree::take_top(const std::string& path) {
    top_ = path;
    if (::mkdir(path.c_str(), kMode) < 0 && errno != EEXIST) {
        say_once(cannot("mkdir", path, errno) + "; services run without limits by cgroup");
        top_.clear();
        return false;
    }
    auto directory = open_file(path.c_str(), O_RDONLY | O_DIRECTORY);
    if (!directory) {
        say_once(cannot("open", path, directory.error().code) +
                 "; services run without limits by cgroup");
        top_.clear();
        return false;
    }
    if (::flock(directory->get(), LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
        return false;
    }
    lock_ = std::move(*directory);
    remove_stale();
    return true;
}

void CgroupTree::remove_stale() const {
    std::vector<std::string> names;
    for_each_directory(top_, [&](const char* name) { names.emplace_back(name); });
    for (const std::string& name : names) {
        if (name != kSupervisorCgroup) {
            remove_tree(top_ + "/" + name, 0);  // those with processes stay
        }
    }
}

/// The root cgroup may hold processes and pass controllers on, another one may not.
void CgroupTree::move_into_leaf() {
    if (in_leaf_) {
        return;
    }
    in_leaf_ = true;
    const bool is_root = ::access((*own_ + "/cgroup.events").c_str(), F_OK) < 0;
    const std::string leaf = top_ + "/" + kSupervisorCgroup;
    if (is_root) {
        return;
    }
    if (::mkdir(leaf.c_str(), kMode) < 0 && errno != EEXIST) {
        say_once(cannot("mkdir", leaf, errno) + "; there may be no controllers");
    } else if (const auto moved = write_file((leaf + "/cgroup.procs").c_str(), "0"); !moved) {
        say_once(cannot("enter", leaf, moved.error().code) + "; there may be no controllers");
    }
}

bool CgroupTree::switch_on(const std::string& controller) {
    if (switched_on_.count(controller) != 0) {
        return true;
    }
    move_into_leaf();
    const std::string word = "+" + controller;
    for (const std::string& path : {*own_, top_}) {
        const std::string file = path + "/cgroup.subtree_control";
        if (const auto done = write_file(file.c_str(), word); !done) {
            say_once(cannot("write " + word + " to", file, done.error().code) +
                     "; services run without its limits");
            return false;
        }
    }
    switched_on_.insert(controller);
    return true;
}

void CgroupTree::apply(const Group& group, const std::string& name,
                       const CgroupSettings& settings) {
    for (const CgroupValue& value : cgroup_values(settings)) {
        if (!switch_on(value.controller)) {
            continue;
        }
        const std::string file = group.path + "/" + value.file;
        if (const auto done = write_file(file.c_str(), value.text); !done) {
            say_once(name + ": " + cannot("write " + value.text + " to", file, done.error().code) +
                     "; it runs without that limit");
        }
    }
}

int CgroupTree::enter(ServiceId service, const std::string& name, const CgroupSettings& settings) {
    if (!is_there()) {
        return -1;
    }
    Group& group = groups_[service];
    if (group.path.empty()) {
        group.path = top_ + "/" + cgroup_name(name);
    }
    // Made again where somebody removed it: a descriptor to a removed one takes nobody.
    const bool is_new = ::mkdir(group.path.c_str(), kMode) == 0;
    if (!is_new && errno != EEXIST) {
        say_once(name + ": " + cannot("mkdir", group.path, errno) + "; it runs without a cgroup");
        groups_.erase(service);
        return -1;
    }
    if (is_new || !group.directory.valid()) {
        auto directory = open_file(group.path.c_str(), O_RDONLY | O_DIRECTORY);
        if (!directory) {
            say_once(name + ": " + cannot("open", group.path, directory.error().code) +
                     "; it runs without a cgroup");
            groups_.erase(service);
            return -1;
        }
        group.directory = std::move(*directory);
    }
    apply(group, name, settings);
    return group.directory.get();
}

const CgroupTree::Group* CgroupTree::find(ServiceId service) const noexcept {
    const auto found = groups_.find(service);
    return found == groups_.end() ? nullptr : &found->second;
}

std::vector<std::int32_t> CgroupTree::members(ServiceId service) {
    std::vector<std::int32_t> pids;
    if (const Group* group = find(service)) {
        add_members(group->path, pids, 0);
    }
    return pids;
}

/// Not by cgroup.kill: on Linux 6.18 whoever is born into a cgroup (CLONE_INTO_CGROUP) that it was
/// ever written to is killed at birth.
/// Frozen, nobody forks; one who did before that is met in the next round. KILL thaws its target.
bool CgroupTree::kill_members(ServiceId service) {
    const Group* group = find(service);
    if (group == nullptr) {
        return false;
    }
    const std::string freeze = group->path + "/cgroup.freeze";
    const bool is_frozen = write_file(freeze.c_str(), "1").has_value();
    std::set<std::int32_t> killed;
    for (int round = 0; round < kMaxKillRounds; ++round) {
        bool met_anyone = false;
        for (const std::int32_t pid : members(service)) {
            met_anyone = killed.insert(pid).second || met_anyone;
            ::kill(pid, SIGKILL);
        }
        if (!met_anyone) {
            break;
        }
    }
    if (is_frozen) {
        static_cast<void>(write_file(freeze.c_str(), "0"));
    }
    return true;
}

std::string CgroupTree::read(ServiceId service, const char* file) const {
    const Group* group = find(service);
    return group == nullptr ? std::string() : read_text(group->path + "/" + file);
}

std::uint64_t CgroupTree::oom_kills(ServiceId service) {
    return keyed_number(read(service, "memory.events"), "oom_kill").value_or(0);
}

CgroupUsage CgroupTree::usage(ServiceId service) {
    CgroupUsage usage;
    usage.memory_bytes = single_number(read(service, "memory.current"));
    usage.memory_peak_bytes = single_number(read(service, "memory.peak"));
    usage.cpu_microseconds = keyed_number(read(service, "cpu.stat"), "usage_usec");
    usage.tasks = single_number(read(service, "pids.current"));
    return usage;
}

void CgroupTree::forget(ServiceId service) {
    const auto found = groups_.find(service);
    if (found != groups_.end()) {
        remove_tree(found->second.path, 0);
        groups_.erase(found);
    }
}

}  // namespace mainstay::supervisor
