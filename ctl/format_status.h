/// PURE. `svctl status NAME`: the page of one service.
#pragma once

#include <string>

#include "common/service_view.h"
#include "ctl/moment.h"
#include "ctl/style.h"

namespace mainstay::ctl {

/// @param now when @p view was made
std::string format_status(const ServiceView& view, LocalTime now, const Style& style);

/// The log lines of @p view under @p label, each cut to the width; empty when it has none.
std::string format_log(const ServiceView& view, std::string_view label, const Style& style);

}  // namespace mainstay::ctl
