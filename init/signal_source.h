/// Signals to PID 1, read from a signalfd, and who sent them.
#pragma once

#include <sys/signalfd.h>

#include <optional>

#include "common/fixed.h"
#include "common/result.h"
#include "common/unique_fd.h"

namespace mainstay::init {

struct ReceivedSignal {
    int number = 0;
    bool from_kernel = false;  ///< the ctrl-alt-del key, not `kill -INT 1`
    int value = 0;             ///< what sigqueue(3) sent with it
    FixedString<96> sender;    ///< "pid 312 (uid 0, sh)", "the kernel"
};

class SignalSource {
  public:
    /// All signals must be blocked already (block_signals()).
    Result<void> open() noexcept;
    int fd() const noexcept { return fd_.get(); }

    /// Never blocks.
    std::optional<ReceivedSignal> next() noexcept;

  private:
    UniqueFd fd_;
};

}  // namespace mainstay::init
