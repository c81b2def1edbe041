/// A service_set with fakes all around it. Each call of it that can fail can be made to: `faults`.
#pragma once

#include <string>

#include "fakes/fake_clock.h"
#include "fakes/fake_os.h"
#include "fakes/fake_processes.h"
#include "fakes/fake_readiness.h"
#include "fakes/faulty_os.h"
#include "supervisor/service_set.h"

namespace mainstay::fakes {

struct FakeSystem {
    FakeSystem() { processes.set_listener(services); }

    FakeClock clock;
    FakeProcesses processes;
    FakeOutputs outputs;
    FakeDefinitions definitions;
    FakeJournal journal;
    FakeCgroups cgroups;
    FakeReadiness readiness;
    FakeSessions sessions;
    FakeMachine machine;
    FaultCounter faults;
    FaultyProcesses faulty_processes{processes, faults};
    FaultyOutputs faulty_outputs{outputs, faults};
    FaultyDefinitions faulty_definitions{definitions, faults};
    FaultyCgroups faulty_cgroups{cgroups, faults};
    FaultyReadiness faulty_readiness{readiness, faults};
    FaultySessions faulty_sessions{sessions, faults};
    supervisor::ServiceSet services{{clock, faulty_processes, faulty_outputs, faulty_definitions,
                                     journal, faulty_cgroups, faulty_readiness, faulty_sessions,
                                     machine}};

    supervisor::Definition& directory(const std::string& path) {
        return definitions.directories[path].definition;
    }

    const supervisor::Service& service(std::string_view name) const { return *services.find(name); }
    ServiceState state(std::string_view name) const { return service(name).snapshot.state; }
    std::int32_t pid(std::string_view name) const { return processes.pid_of(service(name).id); }

    /// Adds it and lets it execute.
    void run(const std::string& name) {
        services.add(name, "/sv/" + name);
        processes.execute(pid(name));
    }
};

inline ExitStatus exited(int code) {
    return {ExitStatus::Kind::Exited, static_cast<std::uint8_t>(code), false};
}

inline ExitStatus killed_by(int signal) {
    return {ExitStatus::Kind::Signaled, static_cast<std::uint8_t>(signal), false};
}

}  // namespace mainstay::fakes
