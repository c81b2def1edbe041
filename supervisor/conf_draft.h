/// PURE. A definition while its service.conf is being read: everything in one place and open to
/// change. conf_keys writes into it, conf_rules looks at it, conf_parser makes the definition.
#pragma once

#include <string>
#include <vector>

#include "supervisor/definition.h"

namespace mainstay::supervisor {

struct ConfDraft {
    std::string description;
    Policy policy;
    ReadinessSettings readiness;
    Leftovers leftovers = Leftovers::Keep;
    int reload_signal = SIGHUP;
    Programs programs;
    Relations relations;
    ProcessSettings process;
    std::vector<std::string> environment;  ///< of `environment` alone; process has that of env/
    CgroupSettings cgroup;
    LogSettings log;
    std::vector<ListenPoint> listen;
};

}  // namespace mainstay::supervisor
