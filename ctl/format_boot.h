/// PURE. `svctl status`: how long the machine's start took, and which part of it how much.
#pragma once

#include <string>

#include "common/boot_times.h"
#include "ctl/style.h"

namespace mainstay::ctl {

/// One line; empty where nothing is known.
std::string format_boot(const BootTimes& times, const Style& style);

/// {"boot":{"init_ms":2600,…}}, a line; empty where nothing is known.
std::string format_boot_json(const BootTimes& times);

}  // namespace mainstay::ctl
