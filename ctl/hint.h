/// PURE. What an admin could do about a service: one sentence, where something can be said.
#pragma once

#include <string>

#include "common/service_view.h"

namespace mainstay::ctl {

/// The most likely reason first; empty where the service is well or nothing is known.
std::string hint_for(const ServiceView& view);

}  // namespace mainstay::ctl
