/// PURE. `svctl status` of many services: a table and a line that counts them.
#pragma once

#include <string>
#include <vector>

#include "common/service_view.h"
#include "ctl/style.h"

namespace mainstay::ctl {

/// One line a service: name, state, since when, what matters. Those in trouble first, then those on
/// their way, ready, done and down; by name within each.
std::string format_table(const std::vector<ServiceView>& views, const Style& style);

/// "5 services: 1 ready, 3 on their way, 1 down; 1 in trouble"
std::string format_summary(const std::vector<ServiceView>& views, const Style& style);

/// "web1: running for 3 d, boot complete 4.1 s after start"
std::string format_system(const SystemView& system, const Style& style);

/// `svctl list`: the names, sorted, one a line.
std::string format_names(const std::vector<ServiceView>& views, const Style& style);

}  // namespace mainstay::ctl
