/// PURE. What svlog calls its directories and files: whatever a service is called, its files stay
/// in a directory of its own below the log directory.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "supervisor/svlog/stamp.h"

namespace mainstay::svlog {

inline constexpr char kCurrent[] = "current";
/// The directory of the supervisor's own messages: no service's is called so.
inline constexpr char kOwnDirectory[] = "@supervisor";

/// The directory of a service: letters, digits and `@ . _ + : -` stay, every other byte is %XX, and
/// so are a dot or an @ in front. Two services never get the same one. A name that gets too long
/// is cut and ends in `%%` and a hash of the whole.
std::string directory_name(std::string_view service);

/// A finished file: "@" TAI64N ".s".
std::string rotated_name(WallTime time);
std::optional<WallTime> parse_rotated_name(std::string_view name) noexcept;

}  // namespace mainstay::svlog
