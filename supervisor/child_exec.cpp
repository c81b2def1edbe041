#include "supervisor/child_exec.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <csignal>
#include <initializer_list>

#include "supervisor/raw_syscall.h"

#if !defined(__x86_64__)
#include <unistd.h>

#include <cerrno>
#endif

namespace mainstay::supervisor {

#if !defined(__x86_64__)
// Only ever called in a forked child here, whose errno is its own.
long raw_syscall(long number, long a, long b, long c, long d) noexcept {
    const long result = ::syscall(number, a, b, c, d);
    return result < 0 ? -errno : result;
}
#endif

namespace {

constexpr int kReport = 3;
constexpr unsigned kServiceUmask = 022;
constexpr long kKernelSignalSetSize = 8;
constexpr char kOomScoreFile[] = "/proc/self/oom_score_adj";

[[noreturn]] void fail(int report_fd, ExecStage stage, long result) noexcept {
    const ExecReport report{stage, static_cast<std::int32_t>(-result)};
    raw_syscall(SYS_write, report_fd, raw_pointer(&report), sizeof report);
    for (;;) {
        raw_syscall(SYS_exit_group, kExitNotExecuted);
    }
}

/// Standard streams in place, the report pipe as descriptor 3, everything else closed.
void stage_descriptors(const ChildPlan& plan) noexcept {
    struct Move {
        int from, to, flags;
    };
    // The report goes last: what is at 3 may be one of the others until then.
    for (const Move move : {Move{plan.input, 0, 0}, Move{plan.output, 1, 0},
                            Move{plan.output, 2, 0}, Move{plan.report, kReport, O_CLOEXEC}}) {
        const long moved = raw_syscall(SYS_dup3, move.from, move.to, move.flags);
        if (moved < 0) {
            fail(plan.report, ExecStage::Descriptors, moved);
        }
    }
    // Before Linux 5.9 there is no such call. Everything of ours is close-on-exec anyway; this is
    // against what the supervisor itself was started with.
    raw_syscall(SYS_close_range, kReport + 1, ~0L, 0);
}

void set_oom_score(const ChildPlan& plan) noexcept {
    const long fd =
        raw_syscall(SYS_openat, AT_FDCWD, raw_pointer(kOomScoreFile), O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        raw_syscall(SYS_write, fd, raw_pointer(plan.oom_score), plan.oom_score_size);
        raw_syscall(SYS_close, fd);
    }
}

/// Dies with its supervisor, also if that is already dead.
void tie_to_parent(std::int32_t parent) noexcept {
    raw_syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
    if (raw_syscall(SYS_getppid) != parent) {
        raw_syscall(SYS_exit_group, kExitNotExecuted);
    }
}

}  // namespace

const char* to_string(ExecStage stage) noexcept {
    switch (stage) {
        case ExecStage::Session:
            return "setsid";
        case ExecStage::Descriptors:
            return "descriptors";
        case ExecStage::Chdir:
            return "chdir";
        case ExecStage::Exec:
            return "exec";
    }
    return "";
}

void child_exec(const ChildPlan* plan) noexcept {
    tie_to_parent(plan->parent);
    const long session = raw_syscall(SYS_setsid);
    if (session < 0) {
        fail(plan->report, ExecStage::Session, session);
    }
    stage_descriptors(*plan);
    raw_syscall(SYS_umask, kServiceUmask);
    if (plan->oom_score != nullptr) {
        set_oom_score(*plan);
    }
    if (plan->descriptor_limit != nullptr) {
        raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, raw_pointer(plan->descriptor_limit), 0);
    }
    const long entered = raw_syscall(SYS_chdir, raw_pointer(plan->directory));
    if (entered < 0) {
        fail(kReport, ExecStage::Chdir, entered);
    }
    const std::uint64_t none = 0;
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, raw_pointer(&none), 0, kKernelSignalSetSize);
    const long result = raw_syscall(SYS_execve, raw_pointer(plan->program),
                                    raw_pointer(plan->arguments), raw_pointer(plan->environment));
    fail(kReport, ExecStage::Exec, result);
}

}  // namespace mainstay::supervisor
