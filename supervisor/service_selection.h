/// Which services a request means.
#pragma once

#include <string>
#include <vector>

#include "common/protocol.h"
#include "supervisor/service_set.h"

namespace mainstay::supervisor {

/// A name that a request selected: a service, or none of that name.
struct Selected {
    std::string name;
    ServiceId id = 0;  ///< 0: there is none
};

/// Names as they are, patterns as the services (not loggers) that they match, in order of name;
/// each service once. No names at all select all services.
std::vector<Selected> select_services(const ServiceSet& services,
                                      const std::vector<std::string>& names);

/// The answer for a name that selected nothing, with the name that was probably meant.
std::string unknown_service(const ServiceSet& services, protocol::RequestId request,
                            const std::string& name);

}  // namespace mainstay::supervisor
