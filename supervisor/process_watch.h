/// Our children: made by Spawner, watched until their exec and their end, signalled by pidfd.
/// Also reaps the orphans that come to us as subreaper, and watches processes that services name as
/// their main one (MAINPID), children of ours or not.
///
/// SIGCHLD coalesces, so its arrival only means "look": the kernel is asked until it has no more.
/// An exit is looked at first (WNOWAIT), told to the listener while the zombie still holds the
/// number of its process and group, and reaped then.
#pragma once

#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "supervisor/birth_crowd.h"
#include "supervisor/loop.h"
#include "supervisor/os_helpers.h"
#include "supervisor/os_processes.h"
#include "supervisor/os_state.h"
#include "supervisor/spawn.h"

namespace mainstay::supervisor {

/// A child of a keeper that was ours, or its supervisor's, before: alive, with its pidfd, or ended.
struct KeptProcess {
    ProcessKey key;
    std::int32_t pid = 0;
    UniqueFd pidfd;     ///< invalid: it has ended
    ExitStatus status;  ///< of one that has ended
};

class ProcessWatch final : public Processes, public Helpers {
  public:
    ProcessWatch(Loop& loop, Spawner& spawner);

    /// Must be called before the first spawn.
    void set_listener(ProcessListener& listener) noexcept { listener_ = &listener; }

    /// Calls @p hear before the end of a process is told: what it said before may change what its
    /// end means, as when it named another main process.
    void hear_before_exits(std::function<void(ProcessKey)> hear) { hear_ = std::move(hear); }

    /// Writes exits there before they are told.
    void record_exits(StateKeeping& state) noexcept { state_ = &state; }

    /// What the keeper has handed over; before resume() is called.
    void take_kept(std::vector<KeptProcess> kept);
    /// Their exits are the keeper's to tell, and @p look makes it tell them.
    void ask_keeper(std::function<void()> look) { ask_keeper_ = std::move(look); }
    /// The keeper says that its child, which has that key, has ended.
    void kept_process_ended(const KeptProcess& ended);
    /// It will tell no more: the ends of its children are seen, but not how they ended.
    void keeper_is_gone();

    Fate resume(ProcessKey key, const FormerProcess& process) override;
    Duration begun(ProcessKey key) const override;

    Result<std::int32_t, ExecFault> spawn(ProcessKey key, const SpawnPlan& plan) override;
    bool is_crowded() const noexcept override { return crowd_.is_full(); }
    Result<void> kill(ProcessKey key, int signal, Target target) override;
    Result<void> adopt(ProcessKey key, std::int32_t pid) override;

    Result<HelperId, ExecFault> start(const SpawnPlan& plan, Ended ended) override;
    void kill_helper(HelperId helper) override;
    /// Those that run: nobody will hear what comes of them.
    void kill_helpers();

    /// Called on SIGCHLD too.
    void reap_pending() override;

  private:
    struct Child {
        ProcessKey key;
        UniqueFd pidfd;
        bool is_executed = false;    ///< the exec was seen
        bool is_superseded = false;  ///< another process is what its key means
        MonotonicTime executed{};
    };

    /// What a child has until its exec is seen, or to its end where that failed.
    struct Unborn {
        Birth birth;
        Watch watch;                     ///< of the report; ends before the descriptor in birth
        std::optional<ExecFault> fault;  ///< the exec failed; the exit is on its way
        std::uint32_t place = 0;         ///< in crowd_, until the report has come
    };

    /// A process that may be another one's child: that alone is told how it ended, and so are we,
    /// once it has asked.
    struct Adopted {
        Watch watch;  ///< of the pidfd, which ends after it; none where the keeper tells
        bool is_kept = false;
        TimerId patience = kNoTimer;
    };

    /// Of helpers: no service has it. The generation is the helper's number.
    static constexpr ServiceId kHelpers = 0;

    struct KeyHash {
        std::size_t operator()(const ProcessKey& key) const noexcept {
            return std::hash<std::uint64_t>()(std::uint64_t{key.service} << 32U | key.generation);
        }
    };

    Child* find(ProcessKey key) noexcept;
    Result<void> kill_adopted(pid_t pid, const Child& child, int signal, Target target);
    Fate resume_own(ProcessKey key, const FormerProcess& process, bool has_executed);
    Fate resume_kept(ProcessKey key, const FormerProcess& process, KeptProcess kept);
    Fate resume_stranger(ProcessKey key, const FormerProcess& process);
    void add_former(ProcessKey key, const FormerProcess& process, UniqueFd pidfd,
                    bool has_executed);
    void look_for_exec(ProcessKey key, Duration next);
    void adopted_ended(pid_t pid);
    void adopted_reaped(pid_t pid);
    void look_at_report(pid_t pid);
    void child_ended(pid_t pid, ExitStatus status);
    void hear_and_tell_end(pid_t pid, ExitStatus status);
    void tell_end(pid_t pid, ExitStatus status);
    void forget(pid_t pid);

    Loop& loop_;
    Spawner& spawner_;
    ProcessListener* listener_ = nullptr;
    std::function<void(ProcessKey)> hear_;
    std::unordered_map<pid_t, Child> children_;
    std::unordered_map<pid_t, Unborn> unborn_;
    std::unordered_map<ProcessKey, pid_t, KeyHash> by_key_;
    std::unordered_map<pid_t, Adopted> adopted_;
    std::unordered_map<HelperId, Ended> helpers_;
    StateKeeping* state_ = nullptr;
    std::vector<KeptProcess> kept_;
    std::function<void()> ask_keeper_;
    BirthCrowd crowd_;
    HelperId last_helper_ = 0;
    bool reaping_ = false;
};

}  // namespace mainstay::supervisor
