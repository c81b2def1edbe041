/// Where services share the supervisor's own cgroup.
#pragma once

#include "supervisor/os_cgroups.h"

namespace mainstay::supervisor {

class NoCgroups final : public Cgroups {
  public:
    CgroupEntry enter(ServiceId /*service*/, const std::string& /*name*/,
                      const CgroupSettings& /*settings*/) override {
        return {};
    }
    void resume(ServiceId /*service*/, const std::string& /*name*/) override {}
    std::vector<std::int32_t> members(ServiceId /*service*/) override { return {}; }
    bool kill_members(ServiceId /*service*/) override { return false; }
    std::uint64_t oom_kills(ServiceId /*service*/) override { return 0; }
    CgroupUsage usage(ServiceId /*service*/) override { return {}; }
    void forget(ServiceId /*service*/) override {}
};

}  // namespace mainstay::supervisor
