/// The seam to programs that run beside a service and are no part of its life: its check. They are
/// told about to who started them, not to the ServiceSet. The real one is ProcessWatch.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "common/result.h"
#include "supervisor/os_processes.h"
#include "supervisor/spawn_plan.h"

namespace mainstay::supervisor {

using HelperId = std::uint32_t;

struct HelperEnd {
    std::optional<ExecFault> fault;  ///< it never became its program
    ExitStatus status;               ///< otherwise
};

class Helpers {
  public:
    /// Called once, from the loop or from within Processes::reap_pending().
    using Ended = std::function<void(const HelperEnd&)>;

    Helpers() = default;
    Helpers(const Helpers&) = delete;
    Helpers& operator=(const Helpers&) = delete;
    virtual ~Helpers() = default;

    virtual Result<HelperId, ExecFault> start(const SpawnPlan& plan, Ended ended) = 0;

    /// KILL to its process group; its end is told all the same. One that has ended is ignored.
    virtual void kill_helper(HelperId helper) = 0;
};

}  // namespace mainstay::supervisor
