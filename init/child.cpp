#include "init/child.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>

#include "common/fd_io.h"

namespace mainstay::init {

void BirthLimits::take_and_raise() noexcept {
    if (::getrlimit(RLIMIT_NOFILE, &nofile_) != 0) {
        return;
    }
    taken_ = true;
    rlimit raised = nofile_;
    std::array<char, 32> buffer;
    if (const auto text = read_file("/proc/sys/fs/nr_open", buffer)) {
        rlim_t most = 0;
        std::from_chars(text->data(), text->data() + text->size(), most);
        if (most > raised.rlim_max) {
            raised.rlim_max = most;
        }
    }
    raised.rlim_cur = raised.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &raised) != 0) {
        raised = nofile_;
        raised.rlim_cur = raised.rlim_max;
        (void)::setrlimit(RLIMIT_NOFILE, &raised);
    }
}

void BirthLimits::adopt(const rlimit& nofile) noexcept {
    nofile_ = nofile;
    taken_ = true;
}

void BirthLimits::restore() const noexcept {
    if (taken_) {
        (void)::setrlimit(RLIMIT_NOFILE, &nofile_);
    }
}

namespace {

/// fork(2), by the call itself: the library's has no place for @p born. One thread and no locks of
/// ours make that the same thing.
pid_t fork_noting(pid_t* born) noexcept {
    return static_cast<pid_t>(
        ::syscall(SYS_clone, CLONE_PARENT_SETTID | SIGCHLD, nullptr, born, nullptr, nullptr));
}

}  // namespace

Result<pid_t> fork_child(const BirthLimits& limits, pid_t* born) noexcept {
    const pid_t pid = born != nullptr ? fork_noting(born) : ::fork();
    if (pid < 0) {
        return last_error("fork");
    }
    if (pid == 0) {
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        limits.restore();
    }
    return pid;
}

void block_signals() noexcept {
    sigset_t blocked;
    ::sigfillset(&blocked);
    for (const int fault : kFaultSignals) {
        ::sigdelset(&blocked, fault);
    }
    ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
}

}  // namespace mainstay::init
