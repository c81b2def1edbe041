/// Readiness without pipes and sockets: notes what it is asked for.
#pragma once

#include <cerrno>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "supervisor/os_readiness.h"

namespace mainstay::fakes {

class FakeReadiness final : public supervisor::ReadinessPorts {
  public:
    Result<supervisor::Channel, supervisor::ExecFault> open(
        supervisor::ProcessKey key, const std::string& name,
        const supervisor::Definition& definition) override {
        static_cast<void>(name);
        static_cast<void>(definition);
        if (should_fail && should_fail()) {
            return supervisor::ExecFault{"bind", "/run/notify", EMFILE};
        }
        opened[key.service] = key.generation;
        return channel;
    }

    void resume(const supervisor::FormerRun& run, const std::string& /*name*/,
                const supervisor::Definition& /*definition*/) override {
        opened[run.key.service] = run.key.generation;
        resumed.push_back(run);
    }

    void born(supervisor::ProcessKey key, std::int32_t pid) override {
        if (is_open(key)) {
            pids[key.service] = pid;
        }
    }

    void executed(supervisor::ProcessKey key, const supervisor::Definition& definition) override {
        static_cast<void>(definition);
        if (is_open(key)) {
            running.insert(key.service);
        }
    }

    void close(supervisor::ProcessKey key) override {
        if (is_open(key)) {
            opened.erase(key.service);
            running.erase(key.service);
        }
    }

    bool is_open(supervisor::ProcessKey key) const {
        const auto found = opened.find(key.service);
        return found != opened.end() && found->second == key.generation;
    }

    supervisor::Channel channel;                            ///< what every run is given
    std::map<supervisor::ServiceId, std::uint32_t> opened;  ///< generations
    std::map<supervisor::ServiceId, std::int32_t> pids;     ///< of runs
    std::set<supervisor::ServiceId> running;                ///< executed
    std::vector<supervisor::FormerRun> resumed;
    std::function<bool()> should_fail;
};

}  // namespace mainstay::fakes
