/// PURE. `svctl status NAME`: the page of one service.
#pragma once

#include <chrono>
#include <string>

#include "common/service_view.h"
#include "ctl/style.h"

namespace mainstay::ctl {

/// The wall clock where the reader is: seconds since 1970-01-01 00:00 of local time. A label, by
/// which ages become times of day.
using LocalTime = std::chrono::seconds;

/// @param now when @p view was made
std::string format_status(const ServiceView& view, LocalTime now, const Style& style);

/// The log lines of @p view under @p label, each cut to the width; empty when it has none.
std::string format_log(const ServiceView& view, std::string_view label, const Style& style);

}  // namespace mainstay::ctl
