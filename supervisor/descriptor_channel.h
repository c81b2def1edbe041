/// s6's way of saying ready: a pipe whose write end the service has under a number of its own. A
/// newline on it means ready, everything else on it nothing. After the newline our end is closed,
/// as s6-supervise does: so is the service's, if it keeps to the protocol.
#pragma once

#include <functional>

#include "common/fd_io.h"
#include "supervisor/loop.h"

namespace mainstay::supervisor {

class DescriptorChannel {
  public:
    enum class Heard : std::uint8_t {
        Newline,
        End,  ///< every write end is closed, and no newline came
    };
    /// Called once for a run; may destroy the channel.
    using Listener = std::function<void(Heard)>;

    explicit DescriptorChannel(Loop& loop) noexcept : loop_(loop) {}

    /// A pipe for the next run.
    /// @returns its write end; borrowed until born() or close()
    Result<int> open();

    /// The read end of the pipe that a run was given before; born() comes next.
    void restore(UniqueFd read_end) noexcept;
    int read_end() const noexcept { return pipe_.read_end.get(); }

    /// The process has the write end: ours is closed, and the pipe is listened to.
    void born(Listener listener);

    /// Reads what is there now; at most what a pipe holds, so that a flood starves nobody.
    void hear();

    void close() noexcept;

  private:
    Loop& loop_;
    Pipe pipe_;
    Watch watch_;  ///< ends before the descriptor
    Listener listener_;
};

}  // namespace mainstay::supervisor
