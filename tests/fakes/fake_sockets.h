/// Sockets without any: notes what is asked for.
#pragma once

#include <cerrno>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "supervisor/os_sockets.h"

namespace mainstay::fakes {

class FakeSockets final : public supervisor::Sockets {
  public:
    Result<supervisor::PassedSockets, supervisor::ExecFault> open(
        supervisor::ServiceId service, const std::string& name,
        const supervisor::Definition& definition) override {
        if (auto all = open_all(service, definition); !all) {
            return all.error();
        }
        supervisor::PassedSockets passed;
        for (const supervisor::ListenPoint& point : definition.listen()) {
            passed.descriptors.push_back(1000 + static_cast<int>(passed.descriptors.size()));
            passed.names.push_back(point.name.empty() ? name : point.name);
        }
        return passed;
    }

    Result<void, supervisor::ExecFault> await(supervisor::ServiceId service,
                                              const std::string& /*name*/,
                                              const supervisor::Definition& definition) override {
        awaited.insert(service);
        return open_all(service, definition);
    }
    void stop_waiting(supervisor::ServiceId service) override { awaited.erase(service); }
    void resume(supervisor::ServiceId service) override { resumed.insert(service); }
    void close(supervisor::ServiceId service,
               const supervisor::Definition& /*definition*/) override {
        places.erase(service);
        awaited.erase(service);
    }

    std::map<supervisor::ServiceId, std::vector<std::string>> places;  ///< that are open
    std::set<supervisor::ServiceId> awaited;
    std::set<supervisor::ServiceId> resumed;
    std::function<bool()> should_fail;

  private:
    Result<void, supervisor::ExecFault> open_all(supervisor::ServiceId service,
                                                 const supervisor::Definition& definition) {
        if (definition.listen().empty()) {
            return {};
        }
        if (should_fail && should_fail()) {
            return supervisor::ExecFault{"listen", to_string(definition.listen().front()),
                                         EADDRINUSE};
        }
        std::vector<std::string>& open_places = places[service];
        open_places.clear();
        for (const supervisor::ListenPoint& point : definition.listen()) {
            open_places.push_back(to_string(point));
        }
        return {};
    }
};

}  // namespace mainstay::fakes
