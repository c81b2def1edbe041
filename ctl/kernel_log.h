/// PURE. Records of the kernel's log (/dev/kmsg), of which PID 1 writes some: `svctl log @init`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mainstay::ctl {

/// The name of PID 1's log.
inline constexpr std::string_view kInitLog = "@init";

/// What PID 1 says in a record such as "6,339,5140900,-;init: text" and its continuation lines
/// (Documentation/ABI/testing/dev-kmsg).
/// @returns the text with the time since boot before it: "[    5.140900] text"; nothing for records
/// of others and for what is no record
std::optional<std::string> init_message(std::string_view record);

}  // namespace mainstay::ctl
