/// The seam to time: what the core may ask of it. The real one is the event loop, the fake one is
/// moved by tests.
#pragma once

#include <cstdint>
#include <functional>

#include "common/clock.h"

namespace mainstay::supervisor {

using TimerId = std::uint64_t;
inline constexpr TimerId kNoTimer = 0;

class Clock {
  public:
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;

    virtual MonotonicTime now() const noexcept = 0;

    /// Time that also runs in suspend: for ages.
    virtual Duration age_clock() const noexcept = 0;

    /// Calls @p callback once, from the loop, never from within this call.
    virtual TimerId call_after(Duration delay, std::function<void()> callback) = 0;

    /// A timer that has fired, or kNoTimer, is ignored.
    virtual void cancel(TimerId timer) noexcept = 0;
};

}  // namespace mainstay::supervisor
