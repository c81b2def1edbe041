/// /run/shutdown.pid: only one `shutdown` waits at a time, and another finds it there. What counts
/// is the lock on the file, which ends with its holder, not the number in it, which sysvinit's
/// `shutdown -c` reads. Only root may open it, as anybody could hold a lock on it.
#pragma once

#include <sys/types.h>

#include <optional>

#include "common/result.h"
#include "common/unique_fd.h"

namespace mainstay::init {

inline constexpr char kShutdownPidFile[] = "/run/shutdown.pid";

class ShutdownLock {
  public:
    /// @returns EAGAIN where another holds it. Any other error means that the file cannot be made.
    Result<void> take() noexcept;
    /// Removes the file, if it was taken.
    void give_up() noexcept;

    /// Who holds it; nothing where no shutdown waits.
    static std::optional<pid_t> holder() noexcept;

  private:
    Result<bool> try_to_take() noexcept;

    UniqueFd file_;
};

}  // namespace mainstay::init
