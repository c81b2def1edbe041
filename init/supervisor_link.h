/// PID 1's end of the boot link, and how the supervisor is restarted: at once up to 20 times in 10
/// s, then once a second.
#pragma once

#include "common/boot_link.h"
#include "common/clock.h"
#include "common/result.h"
#include "common/unique_fd.h"
#include "init/log.h"

namespace mainstay::init {

class SupervisorLink {
  public:
    /// Makes a new pair for a supervisor about to be started; the old link, if any, is closed.
    /// @returns the supervisor's end, to be closed by the caller after the fork
    Result<UniqueFd> renew() noexcept;
    void close() noexcept { fd_.reset(); }

    /// -1 while there is none.
    int fd() const noexcept { return fd_.get(); }

    /// Whether the supervisor at the other end has said Hello: only then does it understand Stop.
    bool is_spoken_to() const noexcept { return hello_; }

    Result<void> ask_to_stop() noexcept;

    enum class Heard : std::uint8_t { Nothing, Progress, BootComplete, Other };
    /// Takes one message; logs what a person should know. Never blocks.
    Heard next(Log& log) noexcept;

  private:
    UniqueFd fd_;
    bool hello_ = false;
    std::uint32_t sent_ = 0;
};

/// PURE. When a supervisor that ended at @p now may be started again.
class SupervisorPacing {
  public:
    /// @returns how long to wait; counts the start that will follow
    Duration next_wait(MonotonicTime now) noexcept;

  private:
    static constexpr std::size_t kBurst = 20;
    FixedVector<MonotonicTime, kBurst> starts_;
    std::size_t oldest_ = 0;
};

}  // namespace mainstay::init
