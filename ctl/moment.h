/// PURE. Ages as times of day.
#pragma once

#include <chrono>
#include <string>

namespace mainstay::ctl {

/// The wall clock where the reader is: seconds since 1970-01-01 00:00 of local time. A label, by
/// which ages become times of day.
using LocalTime = std::chrono::seconds;

/// "12:03:11", with the date before it when that was another day.
std::string moment_text(LocalTime now, std::chrono::milliseconds ago);

}  // namespace mainstay::ctl
