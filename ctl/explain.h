/// PURE. `svctl why NAME`: why a service is in its state, in sentences, down to the last cause.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/service_view.h"
#include "ctl/style.h"

namespace mainstay::ctl {

/// @param views with details, of all services
/// @returns one line a sentence; empty where there is no service @p name
std::string explain(const std::vector<ServiceView>& views, std::string_view name,
                    const Style& style);

}  // namespace mainstay::ctl
