/// PURE. `svctl tree`: each service above what it needs, wants or consists of, with their states.
#pragma once

#include <string>
#include <vector>

#include "common/service_view.h"
#include "ctl/style.h"

namespace mainstay::ctl {

/// @param views with details, of all services
/// @param roots names to begin with; none: what nobody needs, and one of each cycle
std::string format_tree(const std::vector<ServiceView>& views,
                        const std::vector<std::string>& roots, const Style& style);

}  // namespace mainstay::ctl
