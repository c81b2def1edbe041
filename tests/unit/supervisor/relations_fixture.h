/// Services with relations in a world of fakes, named by their last names.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>

#include "unit/supervisor/fixture.h"

namespace mainstay::fakes {

struct RelatedSystem : FakeSystem {
    using Names = std::vector<std::string>;

    supervisor::Relations& relate(const std::string& name) {
        auto made = std::make_shared<supervisor::Relations>(directory("/sv/" + name).relations());
        directory("/sv/" + name).own_relations = made;
        return *made;
    }
    supervisor::Policy& policy(const std::string& name) { return directory("/sv/" + name).policy; }
    void add(std::initializer_list<const char*> names) {
        const supervisor::ServiceSet::Batch batch(services);
        for (const char* name : names) {
            services.add(name, std::string("/sv/") + name);
        }
    }
    /// Everything that was started executes, until nothing starts any more.
    void execute_all() {
        bool is_quiet = false;
        while (!is_quiet) {
            is_quiet = true;
            const auto alive = processes.alive;
            for (const auto& [pid, process] : alive) {
                const auto* of = services.find(process.key.service);
                if (of->snapshot.state == ServiceState::Starting && of->snapshot.pid == pid) {
                    processes.execute(pid);
                    is_quiet = false;
                }
            }
        }
    }
    void start(std::initializer_list<const char*> names) {
        add(names);
        execute_all();
    }
    void post(std::string_view name, const supervisor::Event& event) {
        services.post(service(name).id, event);
    }
    void end(std::string_view name, ExitStatus status = killed_by(SIGTERM),
             Duration lived = std::chrono::seconds(5)) {
        processes.end(pid(name), status, lived);
    }
    std::string cause(std::string_view name) const { return services.cause_of(service(name)); }
    bool was_told_to_end(std::string_view name) const {
        return service(name).snapshot.sent_signal != 0;
    }
};

}  // namespace mainstay::fakes
