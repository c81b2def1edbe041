/// A service_set with fakes all around it.
#pragma once

#include <string>

#include "fakes/fake_clock.h"
#include "fakes/fake_os.h"
#include "fakes/fake_processes.h"
#include "fakes/fake_readiness.h"
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
    supervisor::ServiceSet services{
        {clock, processes, outputs, definitions, journal, cgroups, readiness, sessions, machine}};

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
