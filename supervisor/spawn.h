/// Makes processes from plans: one clone3 with CLONE_VM on a small stack of its own, and not
/// CLONE_VFORK, so that a child that hangs before its exec (a program on a dead network mount)
/// stops nobody. Where clone3 is refused (old kernels, old container profiles) it forks.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/unique_fd.h"
#include "supervisor/child_exec.h"
#include "supervisor/environment.h"
#include "supervisor/spawn_plan.h"

namespace mainstay::supervisor {

/// What is the same for every service.
struct SpawnContext {
    Environment environment;
    std::optional<rlimit> descriptor_limit;  ///< RLIMIT_NOFILE as we were born with
    std::optional<std::string> oom_score;    ///< the same of oom_score_adj
};

/// A process before its exec was seen. Holds the memory that it may still be using: to be kept
/// until then.
class Birth {
  public:
    struct Memory;

    Birth() noexcept;
    explicit Birth(std::unique_ptr<Memory> memory) noexcept;
    Birth(Birth&&) noexcept;
    Birth& operator=(Birth&&) noexcept;
    ~Birth();

    /// The exec was seen, or the process is gone: gives the memory and the report pipe back.
    void complete() noexcept;

    pid_t pid = 0;
    UniqueFd pidfd;
    UniqueFd report;  ///< read end, non-blocking: an ExecReport, or an end where the exec succeeded

  private:
    std::unique_ptr<Memory> memory_;
};

enum class SpawnMethod : std::uint8_t {
    Clone,  ///< fork where clone is refused
    Fork,
};

class Spawner {
  public:
    /// @param null a descriptor to /dev/null, not 0, 1 or 2
    Spawner(SpawnContext context, UniqueFd null, SpawnMethod method = SpawnMethod::Clone);
    ~Spawner();
    Spawner(const Spawner&) = delete;
    Spawner& operator=(const Spawner&) = delete;

    /// Never waits. Errors: EAGAIN, ENOMEM, EMFILE...; to be tried again later.
    Result<Birth> spawn(const SpawnPlan& plan);

  private:
    SpawnContext context_;
    std::vector<char*> environment_;
    UniqueFd null_;
    pid_t own_pid_;
    bool clone_refused_;
};

}  // namespace mainstay::supervisor
