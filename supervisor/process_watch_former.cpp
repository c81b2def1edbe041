/// Processes that a supervisor before this one made: children of our keeper, of ours (where it was
/// this process, before it executed a new image), or of nobody whom we could ask.
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "common/fd_io.h"
#include "supervisor/child_exec.h"
#include "supervisor/proc_text.h"
#include "supervisor/process_watch.h"

namespace mainstay::supervisor {
namespace {

/// Between reading the clock before a birth and the birth itself; a number is not used again so
/// soon, as all others come first.
constexpr Duration kLongestBirth = std::chrono::seconds(2);
/// For who was born and has not come to its exec: it is looked for again after this time, then
/// after twice that...
constexpr Duration kFirstLook = std::chrono::milliseconds(10);
constexpr Duration kLastLook = std::chrono::seconds(1);

std::optional<ProcBirth> birth_of(pid_t pid) {
    std::array<char, 1024> buffer;
    const auto text = read_file(("/proc/" + std::to_string(pid) + "/stat").c_str(), buffer);
    return text ? parse_proc_birth(*text) : std::nullopt;
}

Duration duration_of_ticks(std::uint64_t ticks) noexcept {
    const auto second = static_cast<std::uint64_t>(std::max(::sysconf(_SC_CLK_TCK), 1L));
    return std::chrono::duration_cast<Duration>(
        std::chrono::nanoseconds(ticks * (1'000'000'000U / second)));
}

/// Whether the process that has the number now is the one that had it then.
bool is_the_same(const ProcBirth& birth, Duration begun) noexcept {
    const Duration tick = duration_of_ticks(1);
    const Duration at = duration_of_ticks(birth.begun);
    return at + 2 * tick >= begun && at <= begun + kLongestBirth;
}

UniqueFd open_pidfd(pid_t pid) noexcept {
    return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

}  // namespace

void ProcessWatch::take_kept(std::vector<KeptProcess> kept) {
    kept_ = std::move(kept);
}

Fate ProcessWatch::resume(ProcessKey key, const FormerProcess& process) {
    const auto kept = std::find_if(kept_.begin(), kept_.end(), [&](const KeptProcess& each) {
        return each.key == key && each.pid == process.pid;
    });
    if (kept != kept_.end()) {
        KeptProcess found = std::move(*kept);
        kept_.erase(kept);
        return resume_kept(key, process, std::move(found));
    }
    siginfo_t info{};
    const bool is_ours =
        ::waitid(P_PID, static_cast<id_t>(process.pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
    const auto birth = birth_of(process.pid);
    if (is_ours && birth && is_the_same(*birth, process.begun)) {
        return resume_own(key, process, birth->has_executed);
    }
    return resume_stranger(key, process);
}

/// It may have ended: then that is told as of any child, when it is reaped.
Fate ProcessWatch::resume_own(ProcessKey key, const FormerProcess& process, bool has_executed) {
    add_former(key, process, open_pidfd(process.pid), has_executed);
    return {true, has_executed, {}};
}

Fate ProcessWatch::resume_kept(ProcessKey key, const FormerProcess& process, KeptProcess kept) {
    const bool was_seen = process.executed != MonotonicTime();
    if (!kept.pidfd.valid()) {
        const bool is_sign =
            kept.status == ExitStatus{ExitStatus::Kind::Exited, kExitNotExecuted, false};
        const Fate fate{false, was_seen || !is_sign, kept.status};
        if (state_ != nullptr) {
            state_->exited(key, fate.status, fate.was_executed);
        }
        return fate;
    }
    const auto birth = birth_of(process.pid);
    const bool has_executed = was_seen || !birth || birth->has_executed;
    add_former(key, process, std::move(kept.pidfd), has_executed);
    adopted_[process.pid].is_kept = true;
    return {true, has_executed, {}};
}

/// Somebody else's child: nobody but the kernel can say how it ends, if it does.
Fate ProcessWatch::resume_stranger(ProcessKey key, const FormerProcess& process) {
    UniqueFd pidfd = open_pidfd(process.pid);
    const auto birth = pidfd.valid() ? birth_of(process.pid) : std::nullopt;
    if (!birth || !is_the_same(*birth, process.begun)) {
        return {false, true, ExitStatus::unknown()};
    }
    const int borrowed = pidfd.get();
    add_former(key, process, std::move(pidfd), birth->has_executed);
    adopted_[process.pid].watch =
        loop_.watch_readable(borrowed, [this, pid = process.pid] { adopted_ended(pid); });
    return {true, birth->has_executed, {}};
}

void ProcessWatch::add_former(ProcessKey key, const FormerProcess& process, UniqueFd pidfd,
                              bool has_executed) {
    Child child{key, std::move(pidfd)};
    child.executed = process.executed != MonotonicTime() ? process.executed : loop_.now();
    child.is_executed = has_executed;
    children_.insert_or_assign(process.pid, std::move(child));
    by_key_[key] = process.pid;
    if (!has_executed) {
        look_for_exec(key, kFirstLook);
    }
}

/// Its report went to a supervisor that is dead. Ends with its exec, or with the process, which the
/// start timeout sees to.
void ProcessWatch::look_for_exec(ProcessKey key, Duration next) {
    loop_.call_after(next, [this, key, next] {
        Child* child = find(key);
        if (child == nullptr || child->is_executed) {
            return;
        }
        const auto birth = birth_of(by_key_.at(key));
        if (birth && !birth->has_executed) {
            return look_for_exec(key, std::min(next * 2, kLastLook));
        }
        child->is_executed = true;
        child->executed = loop_.now();
        listener_->process_executed(key);
    });
}

void ProcessWatch::keeper_is_gone() {
    for (auto& [pid, adopted] : adopted_) {
        if (std::exchange(adopted.is_kept, false)) {
            adopted.watch = loop_.watch_readable(children_.at(pid).pidfd.get(),
                                                 [this, pid = pid] { adopted_ended(pid); });
        }
    }
}

void ProcessWatch::kept_process_ended(const KeptProcess& ended) {
    const Child* child = find(ended.key);
    const bool is_it =
        child != nullptr && by_key_.at(ended.key) == ended.pid && adopted_.contains(ended.pid);
    if (is_it) {
        hear_and_tell_end(ended.pid, ended.status);
        forget(ended.pid);
    }
}

Duration ProcessWatch::begun(ProcessKey key) const {
    const auto known = by_key_.find(key);
    const auto birth = known == by_key_.end() ? std::nullopt : birth_of(known->second);
    return birth ? duration_of_ticks(birth->begun) : Duration::zero();
}

}  // namespace mainstay::supervisor
