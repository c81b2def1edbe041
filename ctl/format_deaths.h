/// PURE. `svctl deaths`: how services died, oldest first.
#pragma once

#include <string>
#include <vector>

#include "common/service_view.h"
#include "ctl/moment.h"
#include "ctl/style.h"

namespace mainstay::ctl {

/// One line a death: when, which service, how long it had lived, how, what came of it.
/// @param views with details
std::string format_deaths(const std::vector<ServiceView>& views, LocalTime now, const Style& style);

}  // namespace mainstay::ctl
