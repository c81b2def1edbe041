/// Makes processes from plans: one clone3 with CLONE_VM on a small stack of its own, and not
/// CLONE_VFORK, so that a child that hangs before its exec (a program on a dead network mount)
/// stops nobody. Where clone3 is refused (old kernels, old container profiles) it forks.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "common/result.h"
#include "common/unique_fd.h"
#include "supervisor/child_plan.h"
#include "supervisor/descriptor_window.h"
#include "supervisor/oom_guard.h"

namespace mainstay::supervisor {

class Spawner;

/// A process before its exec was seen. Holds the memory that it may still be using: to be kept
/// until then, and given up before the Spawner.
class Birth {
  public:
    struct Memory;

    Birth() noexcept;
    Birth(Spawner& spawner, std::unique_ptr<Memory> memory) noexcept;
    Birth(Birth&&) noexcept;
    Birth& operator=(Birth&&) noexcept;
    ~Birth();

    enum class Outcome : std::uint8_t {
        Open,      ///< not known yet
        Executed,  ///< or gone without a word
        Failed,
    };

    /// Reads what the report pipe has, without waiting.
    /// @param report_read set where it failed
    Outcome look(ExecReport& report_read) noexcept;

    /// The process has left our descriptors, or is gone: gives back what it had of them.
    void give_back_descriptors() noexcept;

    /// In words; before complete().
    ExecFault fault_of(const ExecReport& report_read) const;

    /// The exec was seen, or the process is gone: gives the memory and the report pipe back.
    void complete() noexcept;

    pid_t pid = 0;
    UniqueFd pidfd;
    UniqueFd report;  ///< read end, non-blocking; readable when look() should be called

  private:
    Spawner* spawner_ = nullptr;
    std::unique_ptr<Memory> memory_;
};

enum class SpawnMethod : std::uint8_t {
    Clone,  ///< fork where clone is refused
    Fork,
};

class Spawner {
  public:
    /// @param null a descriptor to /dev/null, not 0, 1 or 2
    Spawner(SpawnContext context, UniqueFd null, SpawnMethod method = SpawnMethod::Clone,
            UserFiles users = UserFiles());
    ~Spawner();
    Spawner(const Spawner&) = delete;
    Spawner& operator=(const Spawner&) = delete;

    /// Never waits. Faults: what the plan asks for and cannot be had (a user that is not there), or
    /// EAGAIN, ENOMEM, EMFILE...; to be tried again later.
    Result<Birth, ExecFault> spawn(const SpawnPlan& plan);

    /// Calls @p tell where a process that could not be born in its cgroup does not get into it
    /// later either; it runs all the same.
    /// @param tell gets errno
    void hear_of_missed_cgroups(std::function<void(int code)> tell) { missed_ = std::move(tell); }

  private:
    friend class Birth;

    Result<std::unique_ptr<Birth::Memory>, ExecFault> take_memory();
    void give_back(std::unique_ptr<Birth::Memory> memory) noexcept;
    void check_cgroup(const ChildPlan& child, long pid) const;
    void use_window(Birth::Memory& memory) noexcept;
    void leave_window(Birth::Memory& memory) noexcept;
    long make_process(Birth::Memory& memory, int* pidfd) noexcept;
    long clone_or_fork(Birth::Memory& memory, int* pidfd) noexcept;

    SpawnContext context_;
    std::vector<char*> environment_;
    UniqueFd null_;
    DescriptorWindow window_;
    std::vector<Birth::Memory*> sharing_;  ///< those that have a block of the window
    UserFiles users_;
    OomGuard oom_;
    std::function<void(int)> missed_;
    std::vector<std::unique_ptr<Birth::Memory>> spare_;
    pid_t own_pid_;
    bool clone_refused_;
};

}  // namespace mainstay::supervisor
