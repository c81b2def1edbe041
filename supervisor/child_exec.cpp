#include "supervisor/child_exec.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>

#include "supervisor/raw_syscall.h"

#if !defined(__x86_64__)
#include <unistd.h>
#endif

namespace mainstay::supervisor {

#if !defined(__x86_64__)
// Only ever called in a forked child here, whose errno is its own.
long raw_syscall(long number, long a, long b, long c, long d, long e) noexcept {
    const long result = ::syscall(number, a, b, c, d, e);
    return result < 0 ? -errno : result;
}
#endif

namespace {

constexpr int kStreams = 3;
constexpr long kKernelSignalSetSize = 8;
constexpr int kIoPriorityOfProcess = 1;  // IOPRIO_WHO_PROCESS, in no header
constexpr char kOomScoreFile[] = "/proc/self/oom_score_adj";
constexpr char kCgroupMembers[] = "cgroup.procs";
constexpr ChildSettings kNoSettings{};

/// The descriptors of the child on their way to their numbers.
struct Staged {
    int streams[kStreams];
    int passed[kMaxPassedDescriptors];
    int report;
    int first_free;  ///< above all numbers that the child is to have
};

void require(long result, int report, ExecStage stage, int which = 0) noexcept {
    if (result < 0) {
        child_fail(report, stage, result, which);
    }
}

int number(long result, int report, ExecStage stage, int which = 0) noexcept {
    require(result, report, stage, which);
    return static_cast<int>(result);
}

/// Dies with its supervisor, also if that is already dead.
void tie_to_parent(std::int32_t parent) noexcept {
    if (parent == kMayOutliveParent) {
        return;
    }
    raw_syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
    if (raw_syscall(SYS_getppid) != parent) {
        raw_syscall(SYS_exit_group, kExitNotExecuted);
    }
}

/// Nobody reads it any more where the supervisor is dead. The SIGPIPE of that would end the program
/// that is to be executed all the same, as soon as signals are let in.
void tell(int report, const ExecReport& text) noexcept {
    if (raw_syscall(SYS_write, report, raw_pointer(&text), sizeof text) != -EPIPE) {
        return;
    }
    constexpr std::uint64_t kPipe = std::uint64_t{1} << (SIGPIPE - 1U);
    const timespec at_once{};
    raw_syscall(SYS_rt_sigtimedwait, raw_pointer(&kPipe), 0, raw_pointer(&at_once),
                kKernelSignalSetSize);
}

void close_between(int first, int end) noexcept {
    if (first < end) {
        raw_syscall(SYS_close_range, first, end - 1, 0);
    }
}

/// Nothing here waits for anything: what belongs to another birth is held for a moment only.
void make_table_own(const BirthTable& table, int report) noexcept {
    if (table.is_left == nullptr) {
        close_between(table.own_end, table.window_end);
        return close_between(table.window, table.own);
    }
    require(raw_syscall(SYS_close_range, table.own_end, ~0L, CLOSE_RANGE_UNSHARE), report,
            ExecStage::OwnTable);
    close_between(table.window, table.own);
    table.is_left->store(true, std::memory_order_release);
    tell(report, {ExecStage::OwnTable, 0, 0});
}

/// Where the kernel could not do it at birth. A service without its cgroup still runs.
void enter_cgroup(int directory) noexcept {
    const long fd =
        raw_syscall(SYS_openat, directory, raw_pointer(kCgroupMembers), O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        raw_syscall(SYS_write, fd, raw_pointer("0"), 1);
        raw_syscall(SYS_close, fd);
    }
}

int open_terminal(const char* path, int report) noexcept {
    const int fd =
        number(raw_syscall(SYS_openat, AT_FDCWD, raw_pointer(path), O_RDWR | O_NOCTTY | O_CLOEXEC),
               report, ExecStage::Terminal);
    // 1: from whoever has it. Only root may; others get it where it is free.
    long taken = raw_syscall(SYS_ioctl, fd, TIOCSCTTY, 1);
    if (taken == -EPERM) {
        taken = raw_syscall(SYS_ioctl, fd, TIOCSCTTY, 0);
    }
    require(taken, report, ExecStage::Terminal);
    return fd;
}

void open_streams(const ChildPlan& plan, const char* terminal, int terminal_fd,
                  Staged& staged) noexcept {
    for (int i = 0; i < kStreams; ++i) {
        const ChildStream& stream = plan.streams[i];
        if (stream.path == nullptr) {
            staged.streams[i] = stream.fd;
        } else if (stream.path == terminal) {
            staged.streams[i] = terminal_fd;
        } else {
            constexpr int kMode = 0644;
            staged.streams[i] = number(raw_syscall(SYS_openat, AT_FDCWD, raw_pointer(stream.path),
                                                   stream.flags | O_NOCTTY | O_CLOEXEC, kMode),
                                       plan.report, ExecStage::Open, i);
        }
    }
}

/// Out of the way of the numbers that will be filled.
int lifted(int fd, const Staged& staged) noexcept {
    if (fd < 0 || fd >= staged.first_free) {
        return fd;
    }
    return number(raw_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, staged.first_free), staged.report,
                  ExecStage::Descriptors);
}

void lift_all(const ChildPlan& plan, Staged& staged) noexcept {
    staged.report = lifted(plan.report, staged);
    for (int& fd : staged.streams) {
        fd = lifted(fd, staged);
    }
    for (std::size_t i = 0; i < plan.descriptors.size(); ++i) {
        staged.passed[i] = lifted(plan.descriptors[i].from, staged);
    }
}

/// Everything that is neither the child's nor the report pipe. Before Linux 5.9 there is no such
/// call: everything of ours is close-on-exec anyway; this is against what the supervisor itself
/// was started with.
void close_others(const ChildPlan& plan, const Staged& staged) noexcept {
    int next = kStreams;
    for (const PassedDescriptor& descriptor : plan.descriptors) {
        if (descriptor.number > next) {
            raw_syscall(SYS_close_range, next, descriptor.number - 1, 0);
        }
        next = descriptor.number + 1;
    }
    if (staged.report > next) {
        raw_syscall(SYS_close_range, next, staged.report - 1, 0);
    }
    raw_syscall(SYS_close_range, staged.report + 1, ~0L, 0);
}

/// @returns the number that the report pipe has now
int place_descriptors(const ChildPlan& plan, Staged& staged) noexcept {
    staged.report = plan.report;
    staged.first_free = plan.descriptors.empty() ? kStreams : plan.descriptors.back().number + 1;
    lift_all(plan, staged);
    for (int i = 0; i < kStreams; ++i) {
        const int from = staged.streams[i] >= 0 ? staged.streams[i] : 1;
        require(raw_syscall(SYS_dup3, from, i, 0), staged.report, ExecStage::Descriptors);
    }
    for (std::size_t i = 0; i < plan.descriptors.size(); ++i) {
        require(raw_syscall(SYS_dup3, staged.passed[i], plan.descriptors[i].number, 0),
                staged.report, ExecStage::Descriptors);
    }
    close_others(plan, staged);
    return staged.report;
}

void set_oom_score(std::span<const char> score, int report) noexcept {
    const int fd =
        number(raw_syscall(SYS_openat, AT_FDCWD, raw_pointer(kOomScoreFile), O_WRONLY | O_CLOEXEC),
               report, ExecStage::OomScore);
    require(raw_syscall(SYS_write, fd, raw_pointer(score.data()), static_cast<long>(score.size())),
            report, ExecStage::OomScore);
    raw_syscall(SYS_close, fd);
}

void set_limits_and_priorities(const ChildSettings& settings, int report) noexcept {
    for (const ChildLimit& limit : settings.limits) {
        require(raw_syscall(SYS_prlimit64, 0, limit.resource, raw_pointer(&limit.value), 0), report,
                ExecStage::Limit, limit.resource);
    }
    if (settings.nice != nullptr) {
        require(raw_syscall(SYS_setpriority, PRIO_PROCESS, 0, *settings.nice), report,
                ExecStage::Nice);
    }
    if (settings.io_priority >= 0) {
        require(raw_syscall(SYS_ioprio_set, kIoPriorityOfProcess, 0, settings.io_priority), report,
                ExecStage::IoPriority);
    }
    if (!settings.cpus.empty()) {
        require(raw_syscall(SYS_sched_setaffinity, 0, static_cast<long>(settings.cpus.size_bytes()),
                            raw_pointer(settings.cpus.data())),
                report, ExecStage::CpuAffinity);
    }
    if (!settings.oom_score.empty()) {
        set_oom_score(settings.oom_score, report);
    }
}

void enter_directory(const ChildPlan& plan, const char* root, int report) noexcept {
    if (root != nullptr) {
        require(raw_syscall(SYS_chroot, raw_pointer(root)), report, ExecStage::Chroot);
    }
    require(raw_syscall(SYS_chdir, raw_pointer(plan.directory)), report, ExecStage::Chdir);
}

void write_own_pid(const ChildPlan& plan) noexcept {
    for (char* place : plan.pid_values) {
        char digits[kPidRoom];
        std::size_t count = 0;
        for (auto rest = raw_syscall(SYS_getpid); rest != 0; rest /= 10) {
            digits[count++] = static_cast<char>('0' + rest % 10);
        }
        while (count > 0) {
            *place++ = digits[--count];
        }
        *place = '\0';
    }
}

/// As execvp(3): the first that is there and may be executed; if none is, the fault is that of one
/// that may not.
[[noreturn]] void execute(const ChildPlan& plan, int report) noexcept {
    long fault = -ENOENT;
    int which = 0;
    for (int i = 0; plan.programs[i] != nullptr; ++i) {
        const long result = raw_syscall(SYS_execve, raw_pointer(plan.programs[i]),
                                        raw_pointer(plan.arguments), raw_pointer(plan.environment));
        if (result == -ENOENT || result == -ENOTDIR) {
            continue;
        }
        fault = result;
        which = i;
        if (result != -EACCES) {
            break;
        }
    }
    child_fail(report, ExecStage::Exec, fault, which);
}

}  // namespace

const char* to_string(ExecStage stage) noexcept {
    switch (stage) {
        case ExecStage::Session:
            return "setsid";
        case ExecStage::Terminal:
            return "terminal";
        case ExecStage::Descriptors:
            return "descriptors";
        case ExecStage::Open:
            return "open";
        case ExecStage::Limit:
            return "limit";
        case ExecStage::Nice:
            return "nice";
        case ExecStage::IoPriority:
            return "ionice";
        case ExecStage::CpuAffinity:
            return "cpu-affinity";
        case ExecStage::OomScore:
            return "oom-score-adj";
        case ExecStage::Chroot:
            return "chroot";
        case ExecStage::Chdir:
            return "chdir";
        case ExecStage::BoundingSet:
            return "capability-bounding-set";
        case ExecStage::Groups:
            return "setgroups";
        case ExecStage::Gid:
            return "setgid";
        case ExecStage::Uid:
            return "setuid";
        case ExecStage::Ambient:
            return "ambient-capabilities";
        case ExecStage::Securebits:
            return "securebits";
        case ExecStage::NoNewPrivileges:
            return "no-new-privileges";
        case ExecStage::Exec:
            return "exec";
        case ExecStage::OwnTable:
            return "descriptor table";
    }
    return "";
}

void child_fail(int report, ExecStage stage, long result, int which) noexcept {
    tell(report, {stage, static_cast<std::int32_t>(-result), which});
    for (;;) {
        raw_syscall(SYS_exit_group, kExitNotExecuted);
    }
}

void child_exec(const ChildPlan* plan) noexcept {
    make_table_own(plan->table, plan->report);
    tie_to_parent(plan->parent);
    const ChildSettings& settings = plan->settings != nullptr ? *plan->settings : kNoSettings;
    require(raw_syscall(SYS_setsid), plan->report, ExecStage::Session);
    if (plan->cgroup >= 0) {
        enter_cgroup(plan->cgroup);
    }
    const int terminal =
        settings.terminal != nullptr ? open_terminal(settings.terminal, plan->report) : -1;
    Staged staged{};
    open_streams(*plan, settings.terminal, terminal, staged);
    const int report = place_descriptors(*plan, staged);
    if (plan->descriptor_limit != nullptr) {
        raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, raw_pointer(plan->descriptor_limit), 0);
    }
    raw_syscall(SYS_umask, settings.umask);
    if (plan->settings != nullptr) {
        set_limits_and_priorities(settings, report);
    }
    enter_directory(*plan, settings.chroot, report);
    if (plan->settings != nullptr) {
        take_identity(settings.identity, report);
        tie_to_parent(plan->parent);  // a change of user has undone it
    }
    write_own_pid(*plan);
    const std::uint64_t none = 0;
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, raw_pointer(&none), 0, kKernelSignalSetSize);
    execute(*plan, report);
}

}  // namespace mainstay::supervisor
