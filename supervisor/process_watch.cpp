#include "supervisor/process_watch.h"

#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
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

/// PIDFD_GET_INFO of Linux 6.15, which the headers of older systems do not have: how a process
/// ended that is no child of ours.
struct PidfdInfo {
    std::uint64_t mask = 0;
    std::uint64_t cgroup = 0;
    std::array<std::uint32_t, 11> identities{};
    std::int32_t exit_code = 0;
};
constexpr std::uint64_t kPidfdInfoExit = 1U << 3U;
constexpr unsigned long kPidfdGetInfo = _IOWR(0xFF, 11, PidfdInfo);

/// @returns nothing where the kernel does not say: before it is reaped, or ever
std::optional<ExitStatus> status_of(int pidfd) noexcept {
    PidfdInfo info;
    info.mask = kPidfdInfoExit;
    const bool is_known =
        ::ioctl(pidfd, kPidfdGetInfo, &info) == 0 && (info.mask & kPidfdInfoExit) != 0;
    return is_known ? std::optional(ExitStatus::from_wait(info.exit_code)) : std::nullopt;
}

/// How long a parent has to ask how its child ended.
constexpr Duration kPatience = std::chrono::seconds(1);

void reap(pid_t pid) noexcept {
    siginfo_t ignored{};
    ::waitid(P_PID, static_cast<id_t>(pid), &ignored, WEXITED | WNOHANG);
}

}  // namespace

ProcessWatch::ProcessWatch(Loop& loop, Spawner& spawner)
    : loop_(loop), spawner_(spawner), crowd_(loop, [this] { listener_->births_may_go_on(); }) {}

Result<std::int32_t, ExecFault> ProcessWatch::spawn(ProcessKey key, const SpawnPlan& plan) {
    TRY(Birth birth, spawner_.spawn(plan));
    const pid_t pid = birth.pid;
    // Its run is counted from here until the exec is seen. That is never where it ends at once and
    // another child has a copy of the report for a moment longer.
    children_.insert_or_assign(pid, Child{key, std::move(birth.pidfd), false, false, loop_.now()});
    by_key_[key] = pid;
    Unborn& unborn = unborn_[pid];
    unborn.birth = std::move(birth);
    unborn.watch =
        loop_.watch_readable(unborn.birth.report.get(), [this, pid] { look_at_report(pid); });
    unborn.place = crowd_.begin();
    return std::int32_t{pid};
}

// --- signals ------------------------------------------------------------------------------------

ProcessWatch::Child* ProcessWatch::find(ProcessKey key) noexcept {
    const auto known = by_key_.find(key);
    return known == by_key_.end() ? nullptr : &children_.at(known->second);
}

Result<void> ProcessWatch::kill(ProcessKey key, int signal, Target target) {
    const Child* child = find(key);
    if (child == nullptr) {
        return Error{"kill", ESRCH};
    }
    const pid_t pid = by_key_.at(key);
    if (adopted_.contains(pid)) {
        return kill_adopted(pid, *child, signal, target);
    }
    const int pidfd = child->pidfd.get();
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

/// It may be nobody's child of ours, and its number somebody else's: the pidfd alone says who it
/// is.
Result<void> ProcessWatch::kill_adopted(pid_t pid, const Child& child, int signal, Target target) {
    const int pidfd = child.pidfd.get();
    const auto send = [&](int number) {
        return ::syscall(SYS_pidfd_send_signal, pidfd, number, nullptr, 0) == 0;
    };
    if (target == Target::Group && send(0)) {
        const pid_t group = ::getpgid(pid);
        if (group > 1 && group != ::getpgrp() && ::kill(-group, signal) == 0) {
            return {};
        }
    }
    if (!send(signal)) {
        return last_error("kill");
    }
    return {};
}

Result<void> ProcessWatch::adopt(ProcessKey key, std::int32_t pid) {
    Child* before = find(key);
    if (before == nullptr) {
        return Error{"adopt", ESRCH};
    }
    if (const auto known = children_.find(pid); known != children_.end()) {
        if (!(known->second.key == key)) {
            return Error{"adopt", EBUSY};
        }
        before->is_superseded = true;
        known->second.is_superseded = false;
        by_key_[key] = pid;
        return {};
    }
    UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!pidfd.valid()) {
        return last_error("adopt");
    }
    if (!before->is_executed) {
        look_at_report(by_key_.at(key));
    }
    before->is_superseded = true;
    adopted_[pid].watch = loop_.watch_readable(pidfd.get(), [this, pid] { adopted_ended(pid); });
    children_.emplace(pid, Child{key, std::move(pidfd), true, false, before->executed});
    by_key_[key] = pid;
    return {};
}

void ProcessWatch::adopted_ended(pid_t pid) {
    reap_pending();
    const auto found = adopted_.find(pid);
    if (found == adopted_.end()) {
        return;  // it was a child of ours by now
    }
    const int pidfd = children_.at(pid).pidfd.get();
    if (status_of(pidfd)) {
        return adopted_reaped(pid);
    }
    // POLLHUP says that its parent has asked (Linux 6.9). A descriptor is watched once at a time.
    found->second.watch.reset();
    found->second.watch = loop_.watch_exceptional(pidfd, [this, pid] { adopted_reaped(pid); });
    found->second.patience = loop_.call_after(kPatience, [this, pid] { adopted_reaped(pid); });
}

void ProcessWatch::adopted_reaped(pid_t pid) {
    reap_pending();
    if (adopted_.contains(pid)) {
        const int pidfd = children_.at(pid).pidfd.get();
        hear_and_tell_end(pid, status_of(pidfd).value_or(ExitStatus::unknown()));
        forget(pid);
    }
}

Result<HelperId, ExecFault> ProcessWatch::start(const SpawnPlan& plan, Ended ended) {
    const HelperId helper = ++last_helper_;
    TRY_VOID(spawn({kHelpers, helper}, plan));
    helpers_[helper] = std::move(ended);
    return helper;
}

void ProcessWatch::kill_helper(HelperId helper) {
    static_cast<void>(kill({kHelpers, helper}, SIGKILL, Target::Group));
}

void ProcessWatch::kill_helpers() {
    for (const auto& [helper, ended] : helpers_) {
        kill_helper(helper);
    }
}

void ProcessWatch::look_at_report(pid_t pid) {
    const auto found = unborn_.find(pid);
    if (found == unborn_.end()) {
        return;
    }
    Unborn& unborn = found->second;
    ExecReport report{};
    const Birth::Outcome outcome = unborn.birth.look(report);
    if (outcome == Birth::Outcome::Open) {
        return;
    }
    unborn.watch.reset();
    const std::uint32_t place = unborn.place;
    if (outcome == Birth::Outcome::Failed) {
        unborn.fault = unborn.birth.fault_of(report);
        return crowd_.end(place);
    }
    unborn_.erase(found);
    Child& child = children_.at(pid);
    child.is_executed = true;
    child.executed = loop_.now();
    if (child.key.service != kHelpers) {
        listener_->process_executed(child.key);
    }
    crowd_.end(place);
}

void ProcessWatch::reap_pending() {
    if (reaping_) {
        return;
    }
    reaping_ = true;
    if (ask_keeper_) {
        ask_keeper_();
    }
    for (;;) {
        siginfo_t info{};
        const int found = ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
        if (found < 0 && errno == EINTR) {
            continue;  // nobody may ask again
        }
        if (found < 0 || info.si_pid == 0) {
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
    if (const auto unborn = unborn_.find(pid); unborn != unborn_.end() && !unborn->second.fault) {
        unborn->second.birth.give_back_descriptors();
        look_at_report(pid);
    }
    hear_and_tell_end(pid, status);
}

/// What it said before may make another process the one that its key means.
void ProcessWatch::hear_and_tell_end(pid_t pid, ExitStatus status) {
    const ProcessKey key = children_.at(pid).key;
    if (hear_ && key.service != kHelpers) {
        hear_(key);
    }
    tell_end(pid, status);
}

/// To whom the process is of interest: nobody any more, where another took its place.
void ProcessWatch::tell_end(pid_t pid, ExitStatus status) {
    const Child& child = children_.at(pid);
    const ProcessKey key = child.key;
    if (child.is_superseded) {
        return;
    }
    const auto unborn = unborn_.find(pid);
    const std::optional<ExecFault> fault =
        unborn != unborn_.end() ? unborn->second.fault : std::nullopt;
    if (key.service == kHelpers) {
        if (const auto helper = helpers_.extract(key.generation)) {
            helper.mapped()({fault, status});
        }
        return;
    }
    if (state_ != nullptr) {
        state_->exited(key, status, !fault);
    }
    if (fault) {
        listener_->process_not_executed(key, *fault);
    } else {
        listener_->process_exited(key, status, loop_.now() - child.executed);
    }
}

void ProcessWatch::forget(pid_t pid) {
    const auto found = children_.find(pid);
    if (found == children_.end()) {
        return;
    }
    const auto known = by_key_.find(found->second.key);
    if (known != by_key_.end() && known->second == pid) {
        by_key_.erase(known);
    }
    if (const auto adopted = adopted_.find(pid); adopted != adopted_.end()) {
        loop_.cancel(adopted->second.patience);
        adopted_.erase(adopted);
    }
    children_.erase(found);
    if (const auto unborn = unborn_.extract(pid); unborn && !unborn.mapped().fault) {
        crowd_.end(unborn.mapped().place);
    }
}

}  // namespace mainstay::supervisor
