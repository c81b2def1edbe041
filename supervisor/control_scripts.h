/// Runs the programs in a service's control/: one at a time a service, in the order in which they
/// were asked for, none for longer than kScriptTimeout, and nobody waits for them but their own
/// service. Each runs as the service does, its output in the service's log.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <unordered_map>

#include "supervisor/journal.h"
#include "supervisor/os_clock.h"
#include "supervisor/os_helpers.h"
#include "supervisor/os_outputs.h"
#include "supervisor/os_scripts.h"
#include "supervisor/service.h"

namespace mainstay::supervisor {

/// Then a script is killed, and has failed: what it might have replaced is done.
inline constexpr Duration kScriptTimeout = std::chrono::seconds(10);
/// Of one service; whoever comes after is told that there is none.
inline constexpr std::size_t kMostWaitingScripts = 8;

class ControlScripts final : public Scripts {
  public:
    struct Ports {
        Helpers& helpers;
        Outputs& outputs;
        Clock& clock;
        Journal& journal;
    };

    explicit ControlScripts(const Ports& ports) : os_(ports) {}

    /// @p idle is called when the last script of a service has ended.
    void tell_when_idle(std::function<void(ServiceId)> idle) { idle_ = std::move(idle); }
    bool is_busy(ServiceId service) const noexcept { return lines_.contains(service); }

    bool run(const Service& service, char letter, Done done) override;

  private:
    struct Waiting {
        SpawnPlan plan;
        Done done;
        char letter = 0;
    };
    /// Of one service; the first one runs.
    struct Line {
        std::string name;
        std::deque<Waiting> scripts;
        TimerId timeout = kNoTimer;
    };

    void begin(ServiceId service);
    void ended(ServiceId service, const HelperEnd& end);

    Ports os_;
    std::function<void(ServiceId)> idle_;
    std::unordered_map<ServiceId, Line> lines_;
};

}  // namespace mainstay::supervisor
