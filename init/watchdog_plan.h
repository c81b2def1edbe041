/// PURE. The hardware watchdog: what `watchdog=DEVICE,SECONDS` means, and when it is due. A machine
/// whose PID 1 does not come round for that long is reset by the hardware.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/clock.h"
#include "common/fixed.h"

namespace mainstay::init {

struct WatchdogSetting {
    FixedString<64> device;
    std::uint32_t seconds = 0;

    friend bool operator==(const WatchdogSetting&, const WatchdogSetting&) noexcept = default;
};

inline constexpr std::uint32_t kWatchdogSeconds = 60;  ///< where none are given
inline constexpr std::uint32_t kMostWatchdogSeconds = 3600;

/// Reads "/dev/watchdog,30" or "/dev/watchdog".
/// @returns nothing for what is no path below /dev, or not from 1 s to an hour
std::optional<WatchdogSetting> parse_watchdog(std::string_view text) noexcept;

/// When to tell the hardware that all is well.
class WatchdogPlan {
  public:
    /// @param seconds after which the hardware resets; 0: there is none
    /// @param now the hardware was told just now
    void begin(std::uint32_t seconds, MonotonicTime now) noexcept {
        seconds_ = seconds;
        due_ = seconds == 0 ? MonotonicTime::max() : now + pause();
    }
    std::uint32_t seconds() const noexcept { return seconds_; }
    MonotonicTime due() const noexcept { return due_; }

    /// Whether to tell it now; the next time is then set.
    bool take(MonotonicTime now) noexcept {
        const bool is_due = due_ <= now;
        if (is_due) {
            due_ = now + pause();
        }
        return is_due;
    }

  private:
    /// A third, so that two may be late.
    Duration pause() const noexcept { return Duration(std::chrono::seconds(seconds_)) / 3; }

    std::uint32_t seconds_ = 0;
    MonotonicTime due_ = MonotonicTime::max();
};

}  // namespace mainstay::init
