/// What the surroundings of the process say about its output, and the wall clock as a label.
#pragma once

#include <string_view>

#include "ctl/moment.h"
#include "ctl/style.h"

namespace mainstay::ctl {

/// The value of an environment variable, empty where it is unset.
std::string_view environment(const char* name) noexcept;

/// The style for what @p fd leads to.
Style style_for(int fd) noexcept;

/// The wall clock in the local time zone (TZ, /etc/localtime).
LocalTime local_now() noexcept;

}  // namespace mainstay::ctl
