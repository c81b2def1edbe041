/// PURE. Which refused senders are worth a line in the journal: each process once while it is
/// remembered, and so many lines a minute in all. Whoever floods a socket does not flood the
/// journal.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/clock.h"

namespace mainstay::supervisor {

class RefusalLog {
  public:
    static constexpr unsigned kLinesAMinute = 10;

    RefusalLog() noexcept { said_.fill(-1); }

    /// @returns whether to write a line about this process now
    bool should_say(std::int32_t pid, MonotonicTime now) noexcept;

  private:
    std::array<std::int32_t, 16> said_;  ///< the newest processes, as a ring
    std::size_t next_ = 0;
    MonotonicTime minute_began_{};
    unsigned lines_ = 0;
};

}  // namespace mainstay::supervisor
