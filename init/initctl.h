/// The fifo /run/initctl, by which sysvinit's tools talk to PID 1: opened for both directions, so
/// that it has no end and no writer can hold it up; made again where it was lost.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "common/unique_fd.h"
#include "init/initctl_request.h"
#include "init/inittab.h"
#include "init/log.h"

namespace mainstay::init {

class Initctl {
  public:
    /// Opens the fifo, and makes it where it is missing. Where the one that is open is still in its
    /// place nothing happens. In busybox's style nobody needs it: no failure is told, and there is
    /// no /dev/initctl, where sysvinit's older tools look.
    void ensure(InittabStyle style, Log& log) noexcept;

    /// USR1 of sysvinit: opens it anew.
    void reopen(InittabStyle style, Log& log) noexcept;
    /// USR2 of sysvinit: it stays closed until then.
    void shut() noexcept;

    /// Goes on with the one of a PID 1 before.
    void adopt(UniqueFd fifo) noexcept;

    int fd() const noexcept { return fifo_.get(); }
    /// Readable when somebody took the fifo away; -1 where the kernel cannot tell.
    int watch_fd() const noexcept { return watch_.get(); }
    /// Takes what made watch_fd() readable. @returns whether it was
    bool heed_watch() noexcept;

    /// What is in the fifo, at most a few requests of it. Never blocks.
    std::span<const std::byte> read() noexcept;

  private:
    void close() noexcept;
    bool is_in_place() const noexcept;
    void watch() noexcept;

    UniqueFd fifo_;
    UniqueFd watch_;
    bool is_shut_ = false;
    int told_ = 0;  ///< the error that was told last
    std::array<std::byte, 8 * kInitctlRequestSize> buffer_;
};

}  // namespace mainstay::init
