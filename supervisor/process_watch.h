/// Our children: made by Spawner, watched until their exec and their end, signalled by pidfd.
/// Also reaps the orphans that come to us as subreaper.
///
/// SIGCHLD coalesces, so its arrival only means "look": the kernel is asked until it has no more.
/// An exit is looked at first (WNOWAIT), told to the listener while the zombie still holds the
/// number of its process and group, and reaped then.
#pragma once

#include <optional>
#include <unordered_map>

#include "supervisor/loop.h"
#include "supervisor/os_processes.h"
#include "supervisor/spawn.h"

namespace mainstay::supervisor {

class ProcessWatch final : public Processes {
  public:
    ProcessWatch(Loop& loop, Spawner& spawner);

    /// Must be called before the first spawn.
    void set_listener(ProcessListener& listener) noexcept { listener_ = &listener; }

    Result<std::int32_t, ExecFault> spawn(ProcessKey key, const SpawnPlan& plan) override;
    Result<void> kill(ProcessKey key, int signal, Target target) override;

    /// Called on SIGCHLD too.
    void reap_pending() override;

  private:
    struct Child {
        ProcessKey key;
        Birth birth;
        MonotonicTime executed{};
        Watch report_watch;              ///< ends before the descriptor in birth
        bool is_executed = false;        ///< the exec was seen
        std::optional<ExecFault> fault;  ///< the exec failed; the exit is on its way
    };

    Child* find(ProcessKey key) noexcept;
    void look_at_report(pid_t pid);
    void child_ended(pid_t pid, ExitStatus status);
    void forget(pid_t pid);

    Loop& loop_;
    Spawner& spawner_;
    ProcessListener* listener_ = nullptr;
    std::unordered_map<pid_t, Child> children_;
    std::unordered_map<ServiceId, pid_t> newest_;  ///< of each service
    bool reaping_ = false;
};

}  // namespace mainstay::supervisor
