/// A service as the outside may see it, made from what the supervisor knows.
#pragma once

#include <string>

#include "common/service_view.h"
#include "supervisor/os_clock.h"
#include "supervisor/os_outputs.h"
#include "supervisor/service.h"
#include "supervisor/service_set.h"

namespace mainstay::supervisor {

/// Without log lines: those are asked from the outputs where they are wanted.
ServiceView view_of(const Service& service, const ServiceSet& services, const Clock& clock);

/// One sentence on why a service is not where it should be: "exit 1 after 310 ms".
std::string trouble_of(const Service& service, const ServiceSet& services);

}  // namespace mainstay::supervisor
