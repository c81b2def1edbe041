#include "supervisor/svlog_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "supervisor/child_exec.h"
#include "supervisor/svlog/program.h"

namespace mainstay::supervisor {
namespace {

std::optional<ExitStatus> status_of(int pidfd) noexcept {
    siginfo_t info{};
    // NOLINTNEXTLINE(bugprone-narrowing-conversions): P_PIDFD takes the descriptor as an id
    const int found = ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG);
    if (found < 0 || info.si_pid == 0) {
        return std::nullopt;
    }
    const bool has_exited = info.si_code == CLD_EXITED;
    return ExitStatus{has_exited ? ExitStatus::Kind::Exited : ExitStatus::Kind::Signaled,
                      static_cast<std::uint8_t>(info.si_status), info.si_code == CLD_DUMPED};
}

}  // namespace

SvlogProcess::SvlogProcess(Loop& loop, SvlogCommand command, Ended ended)
    : loop_(loop), command_(std::move(command)), ended_(std::move(ended)) {
    static char name[] = "svlog";
    static char option[] = "--log-dir";
    arguments_.push_back(name);
    if (!command_.log_directory.empty()) {
        arguments_.push_back(option);
        arguments_.push_back(command_.log_directory.data());
    }
    arguments_.push_back(nullptr);
    for (std::string& entry : command_.environment) {
        environment_.push_back(entry.data());
    }
    environment_.push_back(nullptr);
}

Result<UniqueFd> SvlogProcess::start() {
    if (is_running()) {
        return Error{"start it twice", EALREADY};
    }
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) < 0) {
        return last_error("socketpair");
    }
    UniqueFd ours(ends[0]);
    const UniqueFd theirs(ends[1]);
    const pid_t pid = ::fork();
    if (pid < 0) {
        return last_error("fork");
    }
    if (pid == 0) {
        become_svlog(theirs.get());
    }
    // Nobody reaps it before we are back in the loop: the number is still its own.
    pidfd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!pidfd_.valid()) {
        const Error error = last_error("pidfd_open");
        ::kill(pid, SIGKILL);
        return error;
    }
    pid_ = pid;
    started_ = monotonic_now();
    watch_ = loop_.watch_readable(pidfd_.get(), [this] { on_end(); });
    return ours;
}

/// In the child; as we have one thread, all of libc may be used.
void SvlogProcess::become_svlog(int link) const noexcept {
    ::setsid();
    ::dup2(link, STDIN_FILENO);
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        ::dup2(null, STDOUT_FILENO);
        ::dup2(null, STDERR_FILENO);
    }
    ::syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    ::execve(command_.program.c_str(), arguments_.data(), environment_.data());
    ::_exit(kExitNotExecuted);
}

void SvlogProcess::kill() noexcept {
    if (is_running()) {
        ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
    }
}

void SvlogProcess::on_end() {
    const auto status = status_of(pidfd_.get());
    watch_.reset();
    pidfd_.reset();
    ended_(status, monotonic_now() - started_);
}

}  // namespace mainstay::supervisor
