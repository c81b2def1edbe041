#include "supervisor/process_watch.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace mainstay::supervisor {
namespace {

/// waitid(2) tells how a child ended in its own words.
ExitStatus exit_status(int code, int status) noexcept {
    if (code == CLD_EXITED) {
        return {ExitStatus::Kind::Exited, static_cast<std::uint8_t>(status), false};
    }
    return {ExitStatus::Kind::Signaled, static_cast<std::uint8_t>(status), code == CLD_DUMPED};
}

void reap(pid_t pid) noexcept {
    siginfo_t ignored{};
    ::waitid(P_PID, static_cast<id_t>(pid), &ignored, WEXITED | WNOHANG);
}

}  // namespace

ProcessWatch::ProcessWatch(Loop& loop, Spawner& spawner) : loop_(loop), spawner_(spawner) {}

Result<std::int32_t, ExecFault> ProcessWatch::spawn(ProcessKey key, const SpawnPlan& plan) {
    TRY(Birth birth, spawner_.spawn(plan));
    const pid_t pid = birth.pid;
    Child child;
    child.key = key;
    child.birth = std::move(birth);
    child.report_watch =
        loop_.watch_readable(child.birth.report.get(), [this, pid] { look_at_report(pid); });
    children_.insert_or_assign(pid, std::move(child));
    newest_[key.service] = pid;
    return std::int32_t{pid};
}

ProcessWatch::Child* ProcessWatch::find(ProcessKey key) noexcept {
    const auto newest = newest_.find(key.service);
    if (newest == newest_.end()) {
        return nullptr;
    }
    const auto child = children_.find(newest->second);
    return child != children_.end() && child->second.key == key ? &child->second : nullptr;
}

Result<void> ProcessWatch::kill(ProcessKey key, int signal, Target target) {
    const Child* child = find(key);
    if (child == nullptr) {
        return Error{"kill", ESRCH};
    }
    const pid_t pid = child->birth.pid;
    const int pidfd = child->birth.pidfd.get();
    if (target == Target::Process && pidfd >= 0 &&
        ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0) {
        return {};
    }
    // Not reaped yet, so the number is still this child's: by number is as safe. Before its setsid
    // a child has no group of its own; then the process alone is meant.
    if (target == Target::Group && ::kill(-pid, signal) == 0) {
        return {};
    }
    if (::kill(pid, signal) < 0) {
        return last_error("kill");
    }
    return {};
}

void ProcessWatch::look_at_report(pid_t pid) {
    const auto found = children_.find(pid);
    if (found == children_.end()) {
        return;
    }
    Child& child = found->second;
    ExecReport report{};
    const ssize_t count = ::read(child.birth.report.get(), &report, sizeof report);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    child.report_watch.reset();
    if (count == static_cast<ssize_t>(sizeof report)) {
        child.fault = child.birth.fault_of(report);
        return;
    }
    child.birth.complete();
    child.is_executed = true;
    child.executed = loop_.now();
    listener_->process_executed(child.key);
}

void ProcessWatch::reap_pending() {
    if (reaping_) {
        return;
    }
    reaping_ = true;
    for (;;) {
        siginfo_t info{};
        if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0) {
            break;
        }
        // What is told in here may spawn: the child is looked up anew each time.
        child_ended(info.si_pid, exit_status(info.si_code, info.si_status));
        reap(info.si_pid);
        forget(info.si_pid);
    }
    reaping_ = false;
}

void ProcessWatch::child_ended(pid_t pid, ExitStatus status) {
    const auto found = children_.find(pid);
    if (found == children_.end()) {
        return;  // an orphan that came to us
    }
    Child& child = found->second;
    if (!child.is_executed && !child.fault) {
        look_at_report(pid);
    }
    const ProcessKey key = child.key;
    if (child.fault) {
        listener_->process_not_executed(key, *child.fault);
    } else {
        listener_->process_exited(key, status, loop_.now() - child.executed);
    }
}

void ProcessWatch::forget(pid_t pid) {
    const auto found = children_.find(pid);
    if (found == children_.end()) {
        return;
    }
    const auto newest = newest_.find(found->second.key.service);
    if (newest != newest_.end() && newest->second == pid) {
        newest_.erase(newest);
    }
    children_.erase(found);
}

}  // namespace mainstay::supervisor
