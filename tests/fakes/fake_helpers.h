/// Programs beside services, without a kernel: tests say how they end.
#pragma once

#include <cerrno>
#include <map>
#include <utility>

#include "supervisor/os_helpers.h"

namespace mainstay::fakes {

class FakeHelpers final : public supervisor::Helpers {
  public:
    struct Helper {
        supervisor::SpawnPlan plan;
        Ended ended;
        bool killed = false;
    };

    Result<supervisor::HelperId, supervisor::ExecFault> start(const supervisor::SpawnPlan& plan,
                                                              Ended ended) override {
        if (should_fail) {
            return supervisor::ExecFault{"clone", "", EAGAIN};
        }
        running[++last] = {plan, std::move(ended)};
        return last;
    }

    void kill_helper(supervisor::HelperId helper) override {
        if (const auto found = running.find(helper); found != running.end()) {
            found->second.killed = true;
        }
    }

    void end(supervisor::HelperId helper, const supervisor::HelperEnd& end) {
        auto ended = running.extract(helper);
        ended.mapped().ended(end);
    }

    std::map<supervisor::HelperId, Helper> running;
    supervisor::HelperId last = 0;
    bool should_fail = false;
};

}  // namespace mainstay::fakes
