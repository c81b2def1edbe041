/// How long it is until a shutdown is due, and waiting for that: for a distance by a clock that
/// goes on in suspend, for a time of day by the wall clock, also where that is set meanwhile.
#pragma once

#include <cstdint>

#include "common/clock.h"
#include "common/result.h"
#include "common/unique_fd.h"
#include "init/shutdown_command.h"

namespace mainstay::init {

class ShutdownClock {
  public:
    explicit ShutdownClock(const ShutdownTime& time) noexcept;

    Duration left() const noexcept;

    /// When it is due by the wall clock, as seconds since midnight.
    std::int64_t due_second_of_day() const noexcept;

    /// A descriptor that can be read when no more than @p left is left, and earlier where the wall
    /// clock was set.
    Result<UniqueFd> timer_for(Duration left) const noexcept;

  private:
    Duration now() const noexcept;

    int clock_;
    Duration due_;  ///< by that clock
};

}  // namespace mainstay::init
