/// A service as the outside may see it, made from what the supervisor knows.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/service_view.h"
#include "supervisor/notify_sender.h"
#include "supervisor/os_cgroups.h"
#include "supervisor/os_clock.h"
#include "supervisor/os_outputs.h"
#include "supervisor/service.h"
#include "supervisor/service_set.h"

namespace mainstay::supervisor {

/// What a table shows. Without log lines: those are asked from the outputs where they are wanted.
ServiceView view_of(const Service& service, const ServiceSet& services, const Clock& clock);

/// What others say of a service, gathered once for many views.
class Dependents {
  public:
    explicit Dependents(const ServiceSet& services);

    /// Names of the services that need @p name, in order of name.
    const std::vector<std::string>& of(const std::string& name) const noexcept;

  private:
    std::map<std::string, std::vector<std::string>, std::less<>> by_need_;
};

/// Adds what only the page of one service shows.
void add_details(ServiceView& view, const Service& service, const ServiceSet& services,
                 const Dependents& dependents, const Clock& clock, Cgroups& cgroups,
                 ProcessFamily& family);

/// One sentence on why a service is not where it should be: "exit 1 after 310 ms".
std::string trouble_of(const Service& service, const ServiceSet& services);

/// Why a start that waits will not come soon, because something that it needs is missing, has
/// failed or is in backoff: "needs db, which failed". So for what that waits for in turn. Empty
/// where nothing is wrong.
std::string hopeless_need(const Service& service, const ServiceSet& services);

}  // namespace mainstay::supervisor
