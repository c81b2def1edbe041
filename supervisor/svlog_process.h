/// svlog as a child of the supervisor: started from the supervisor's own program, watched by its
/// pidfd. It is no service: it keeps our limits and OOM score, and outlives us until it has drained
/// what services wrote.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/exit_status.h"
#include "common/result.h"
#include "common/unique_fd.h"
#include "supervisor/environment.h"
#include "supervisor/loop.h"

namespace mainstay::supervisor {

struct SvlogCommand {
    std::string program = "/proc/self/exe";
    std::string log_directory;  ///< empty: memory only
    Environment environment;
};

class SvlogProcess {
  public:
    /// @param status nothing where somebody else has reaped it
    using Ended = std::function<void(std::optional<ExitStatus> status, Duration lived)>;

    SvlogProcess(Loop& loop, SvlogCommand command, Ended ended);

    /// Forks and returns; that the program cannot be executed shows as its end.
    /// @returns our end of the link to it; EALREADY where it runs
    Result<UniqueFd> start();

    /// While it runs.
    pid_t pid() const noexcept { return pid_; }

    bool is_running() const noexcept { return pidfd_.valid(); }

    /// KILL, for one that does not do its part any more.
    void kill() noexcept;

  private:
    [[noreturn]] void become_svlog(int link) const noexcept;
    void on_end();

    Loop& loop_;
    SvlogCommand command_;
    Ended ended_;
    std::vector<char*> arguments_;
    std::vector<char*> environment_;
    pid_t pid_ = 0;
    UniqueFd pidfd_;
    Watch watch_;  ///< of pidfd_; ends before it
    MonotonicTime started_{};
};

}  // namespace mainstay::supervisor
