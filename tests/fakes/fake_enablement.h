/// Enabled services without a file system.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "supervisor/os_enablement.h"

namespace mainstay::fakes {

class FakeEnablement final : public supervisor::Enablement {
  public:
    using Result = supervisor::EnableResult;
    using Link = supervisor::EnabledLink;

    Result enable(const std::string& name, protocol::Place place) override {
        if (fault) {
            return *fault;
        }
        const bool was_so = !enabled.insert(name).second;
        last_place = place;
        return Link{name, "/enabled/" + name, "/sv/" + name, was_so};
    }

    Result enable_path(const std::string& path, protocol::Place place) override {
        const Result examined = examine(path);
        const auto* found = std::get_if<Link>(&examined);
        return found != nullptr ? enable(found->name, place) : examined;
    }

    Result disable(const std::string& name, protocol::Place place) override {
        last_place = place;
        return Link{name, "/enabled/" + name, "", enabled.erase(name) == 0};
    }

    Result examine(const std::string& path) override {
        if (fault) {
            return *fault;
        }
        return Link{path.substr(path.rfind('/') + 1), path, "", false};
    }

    void look_again() override {
        ++looks;
        if (at_look) {
            at_look();
        }
    }
    bool is_enabled(const std::string& name) override { return enabled.count(name) != 0; }

    std::set<std::string> enabled;
    std::optional<supervisor::EnableFault> fault;
    protocol::Place last_place = protocol::Place::Permanent;
    int looks = 0;
    std::function<void()> at_look;  ///< what is found then
};

}  // namespace mainstay::fakes
