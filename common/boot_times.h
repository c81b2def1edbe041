/// PURE. When the machine's start got how far: a line "NAME SECONDS" each in /run/mainstay/times,
/// in seconds since the kernel's start. PID 1 writes it as it goes, svctl shows it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/fixed.h"

namespace mainstay {

enum class BootMoment : std::uint8_t {
    Initramfs,  ///< the init of the initramfs began
    Root,       ///< the root was mounted
    Switch,     ///< that init executed the next
    Init,       ///< PID 1 began, as what it is now
    Entries,    ///< sysinit and wait entries are done: services start
    Complete,   ///< every enabled service is ready, done or failed
};
inline constexpr std::size_t kBootMomentCount = 6;

/// "initramfs", "root", …
std::string_view to_string(BootMoment moment) noexcept;

using BootTimes = std::array<std::optional<std::chrono::milliseconds>, kBootMomentCount>;

/// "init 2.600\n"
FixedString<64> boot_time_line(BootMoment moment, double seconds) noexcept;

/// Lines that are none of these count for nothing; of two for one moment the last counts.
BootTimes parse_boot_times(std::string_view text) noexcept;

}  // namespace mainstay
