/// What `init --services` keeps for its supervisor over a crash: the same keeper and link as PID 1
/// of a system has (docs/boot-link.md). Needs descriptors and memory, which the init of a mere
/// command does without; where they are not to be had, the supervisor runs without a keeper, as it
/// does under any other init.
#pragma once

#include <sys/types.h>

#include "common/clock.h"
#include "common/result.h"
#include "common/unique_fd.h"
#include "init/child.h"
#include "init/keeper.h"
#include "init/log.h"
#include "init/signal_source.h"
#include "init/supervisor_link.h"

namespace mainstay::init {

class ServicesKeeper {
  public:
    /// All signals must be blocked already. Says so where it fails.
    void open() noexcept;
    bool is_open() const noexcept { return is_open_; }

    /// A link for a supervisor about to be started.
    /// @returns its end, to be closed after the fork; invalid where there is no keeper. After an
    /// Error none may be started: the next one, with a link, would not know what it had started.
    Result<UniqueFd> renew_link() noexcept;

    /// In the child that becomes the supervisor.
    /// @param link what renew_link() returned; -1: none
    void hand_over(int link) const noexcept;

    /// Until a signal or a message comes, at most until @p due.
    /// @returns the signal, 0 where there is none
    int wait(MonotonicTime due) noexcept;

    /// Takes what the supervisor says, as much as there is at the moment.
    void listen() noexcept;

    /// After the supervisor was reaped: adopts what it leaves.
    /// @param reaped_before a process that may have been one of its services; 0: none
    /// @param kin the processes that init has started itself
    /// @returns whether it had stopped all, so that there is nothing to adopt
    bool bury(pid_t reaped_before, Keeper::Kin& kin) noexcept;

    /// Somebody was reaped who may be one of the adopted.
    void handle_exit(pid_t pid, int wait_status) noexcept;

  private:
    bool is_open_ = false;
    Log log_;
    BirthLimits limits_;
    SignalSource signals_;
    Keeper keeper_;
    SupervisorLink link_{keeper_};
};

}  // namespace mainstay::init
