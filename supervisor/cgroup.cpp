#include "supervisor/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/fd_io.h"
#include "supervisor/cgroup_files.h"
#include "supervisor/file_lock.h"

namespace mainstay::supervisor {
namespace {

constexpr int kMaxSupervisors = 64;
constexpr mode_t kMode = 0755;
constexpr char kWithoutAll[] = "; services run without cgroups of their own";

std::string cannot(const std::string& action, const std::string& path, int code) {
    return "cgroup: " + action + " " + path + ": " + errno_text(code);
}

/// Only the root of the hierarchy may hold processes and pass controllers on.
bool is_root(const std::string& path) {
    return ::access((path + "/cgroup.events").c_str(), F_OK) < 0;
}

bool has_word(std::string_view text, std::string_view word) noexcept {
    for (std::size_t at = text.find(word); at != std::string_view::npos;
         at = text.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        const bool begins = at == 0 || text[at - 1] == ' ';
        if (begins && (end == text.size() || text[end] == ' ' || text[end] == '\n')) {
            return true;
        }
    }
    return false;
}

}  // namespace

CgroupTree::CgroupTree(Journal& journal) : journal_(journal) {}

CgroupTree::~CgroupTree() {
    if (tree_.valid() && !leaves_all_) {
        entered_.reset();
        remove_stale();
        move_back();
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
        const auto own = own_cgroup(read_cgroup_file(AT_FDCWD, "/proc/self/mountinfo"),
                                    read_cgroup_file(AT_FDCWD, "/proc/self/cgroup"));
        own_ = own.value_or("");
        if (!own) {
            journal_.info(std::string("cgroup: no cgroup v2 is mounted") + kWithoutAll);
        } else if (!make_top()) {
            top_.clear();
        }
    }
    return !top_.empty();
}

bool CgroupTree::make_top() {
    const std::string first = own_ + "/" + kCgroupTop;
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
        say_once(cannot("mkdir", path, errno) + kWithoutAll);
        top_.clear();
        return false;
    }
    auto directory = open_file(path.c_str(), O_RDONLY | O_DIRECTORY);
    if (!directory) {
        say_once(cannot("open", path, directory.error().code) + kWithoutAll);
        top_.clear();
        return false;
    }
    const LockAttempt attempt = lock_after_the_dead(directory->get());
    const bool is_unseen = attempt.state == LockAttempt::State::Fading && attempt.holder == 0;
    if (attempt.is_held_by_us() || is_unseen) {
        return false;
    }
    tree_ = std::move(*directory);
    remove_stale();
    return true;
}

void CgroupTree::remove_stale() const {
    for (const std::string& name : cgroups_in(tree_.get(), ".")) {
        if (name != kSupervisorCgroup) {
            remove_cgroup(tree_.get(), name);  // those with processes stay
        }
    }
}

// --- controllers --------------------------------------------------------------------------------

void CgroupTree::prepare() {
    if (!is_there()) {
        return;
    }
    const std::string controllers = read_cgroup_file(AT_FDCWD, own_ + "/cgroup.controllers");
    if (constexpr char kWanted[] = "memory"; has_word(controllers, kWanted)) {
        switch_on(kWanted, Tell::No);
    }
}

/// As the child of a container's init we take it along: what it starts is not to be in the way.
void CgroupTree::move_into_leaf() {
    if (in_leaf_ || is_root(own_)) {
        return;
    }
    const std::string leaf = top_ + "/" + kSupervisorCgroup;
    if (::mkdir(leaf.c_str(), kMode) < 0 && errno != EEXIST) {
        say_once(cannot("mkdir", leaf, errno) + "; there may be no controllers");
        return;
    }
    in_leaf_ = true;
    if (::getppid() == 1) {
        move_processes(own_, leaf);
    }
    if (const auto moved = write_cgroup_file(AT_FDCWD, leaf + "/cgroup.procs", "0"); !moved) {
        say_once(cannot("enter", leaf, moved.error().code) + "; there may be no controllers");
    }
}

/// As it was: what has passed controllers on takes processes again only once it does so no more.
void CgroupTree::move_back() const {
    if (!in_leaf_) {
        return;
    }
    for (const std::string& path : {top_, own_}) {
        for (const std::string& controller : switched_on_) {
            static_cast<void>(
                write_cgroup_file(AT_FDCWD, path + "/cgroup.subtree_control", "-" + controller));
        }
    }
    move_processes(top_ + "/" + kSupervisorCgroup, own_);
    remove_cgroup(tree_.get(), kSupervisorCgroup);
}

bool CgroupTree::switch_on(const std::string& controller, Tell tell) {
    if (switched_on_.contains(controller)) {
        return true;
    }
    move_into_leaf();
    const std::string word = "+" + controller;
    for (const std::string& path : {own_, top_}) {
        const std::string file = path + "/cgroup.subtree_control";
        const auto done = write_cgroup_file(AT_FDCWD, file, word);
        if (!done && tell == Tell::Yes) {
            std::string text =
                last_ + ": " + cannot("write " + word + " to", file, done.error().code);
            say_once(text.append("; it runs without its limits of ").append(controller));
        }
        if (!done) {
            return false;
        }
    }
    switched_on_.insert(controller);
    return true;
}

// --- one service --------------------------------------------------------------------------------

/// What was limited once is given the kernel's values back where its keys are gone.
void CgroupTree::apply(Group& group, const std::string& directory, const CgroupSettings& settings) {
    if (settings.is_empty() && !group.has_values) {
        return;
    }
    const Unset unset = group.has_values ? Unset::Default : Unset::Omit;
    group.has_values = !settings.is_empty();
    for (const CgroupValue& value : cgroup_values(settings, unset)) {
        if (value.is_default ? !switched_on_.contains(value.controller)
                             : !switch_on(value.controller, Tell::Yes)) {
            continue;
        }
        const auto done = write_cgroup_file(tree_.get(), directory + "/" + value.file, value.text);
        if (!done && !value.is_default) {
            say_once(last_ + ": " +
                     cannot("write " + value.text + " to",
                            top_ + "/" + directory + "/" + value.file, done.error().code) +
                     "; it runs without that limit");
        }
    }
}

/// Usually it is there but for the first start; it is made again where somebody removed it.
bool CgroupTree::open_group(const std::string& directory, CgroupEntry& entry) {
    const auto open = [&] {
        entered_ =
            UniqueFd(::openat(tree_.get(), directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        return entered_.valid();
    };
    if (!entry.is_new && open()) {
        return true;
    }
    entry.is_new = ::mkdirat(tree_.get(), directory.c_str(), kMode) == 0;
    return (entry.is_new || errno == EEXIST) && open();
}

CgroupEntry CgroupTree::enter(ServiceId service, const std::string& name,
                              const CgroupSettings& settings) {
    if (!is_there()) {
        return {};
    }
    const std::string directory = cgroup_name(name);
    last_ = name;
    CgroupEntry entry;
    const auto [known, is_first] = groups_.try_emplace(service, Group{name});
    entry.is_new = is_first;
    if (!open_group(directory, entry)) {
        say_once(name + ": " + cannot("make", top_ + "/" + directory, errno) +
                 "; it runs without a cgroup");
        groups_.erase(known);
        return {};
    }
    apply(known->second, directory, settings);
    entry.directory = entered_.get();
    return entry;
}

void CgroupTree::resume(ServiceId service, const std::string& name) {
    const std::string directory = cgroup_name(name);
    if (is_there() && ::faccessat(tree_.get(), directory.c_str(), F_OK, 0) == 0) {
        groups_.try_emplace(service, Group{name});
        thaw_cgroup(tree_.get(), directory);
    }
}

void CgroupTree::not_entered(int code) {
    say_once(last_ + ": " + cannot("enter", top_ + "/" + cgroup_name(last_), code) +
             "; it runs without a cgroup");
}

std::string CgroupTree::directory_of(ServiceId service) const {
    const auto found = groups_.find(service);
    return found == groups_.end() ? std::string() : cgroup_name(found->second.name);
}

std::vector<std::int32_t> CgroupTree::members(ServiceId service) {
    const std::string directory = directory_of(service);
    return directory.empty() ? std::vector<std::int32_t>() : cgroup_members(tree_.get(), directory);
}

bool CgroupTree::kill_members(ServiceId service) {
    const std::string directory = directory_of(service);
    if (!directory.empty()) {
        kill_cgroup(tree_.get(), directory);
    }
    return !directory.empty();
}

std::string CgroupTree::read(ServiceId service, const char* file) const {
    const std::string directory = directory_of(service);
    return directory.empty() ? std::string()
                             : read_cgroup_file(tree_.get(), directory + "/" + file);
}

std::uint64_t CgroupTree::oom_kills(ServiceId service) {
    if (!switched_on_.contains("memory")) {
        return 0;
    }
    return keyed_number(read(service, "memory.events"), "oom_kill").value_or(0);
}

CgroupUsage CgroupTree::usage(ServiceId service) {
    CgroupUsage usage;
    usage.cpu_microseconds = keyed_number(read(service, "cpu.stat"), "usage_usec");
    if (switched_on_.contains("memory")) {
        usage.memory_bytes = single_number(read(service, "memory.current"));
        usage.memory_peak_bytes = single_number(read(service, "memory.peak"));
    }
    if (const std::string directory = directory_of(service); !directory.empty()) {
        usage.tasks = cgroup_threads(tree_.get(), directory);
    }
    return usage;
}

void CgroupTree::forget(ServiceId service) {
    const std::string directory = directory_of(service);
    if (!directory.empty()) {
        remove_cgroup(tree_.get(), directory);
        groups_.erase(service);
    }
}

}  // namespace mainstay::supervisor
