/// A service_set with fakes all around it. Each call of it that can fail can be made to: `faults`.
/// It can die at any moment, and another follow it.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/state_table_writer.h"
#include "fakes/fake_clock.h"
#include "fakes/fake_os.h"
#include "fakes/fake_processes.h"
#include "fakes/fake_readiness.h"
#include "fakes/fake_sockets.h"
#include "fakes/faulty_os.h"
#include "supervisor/service_set.h"
#include "supervisor/state_store.h"

namespace mainstay::fakes {

/// A state table in memory of the test, if it is asked for, and a word before each change of it.
class FakeState final : public supervisor::StateKeeping {
  public:
    explicit FakeState(const supervisor::Clock& clock) : store_(clock) {}

    /// An empty table.
    void make(std::uint32_t slots) {
        namespace table = state_table;
        table::Geometry geometry = table::own_geometry();
        geometry.slot_count = slots;
        geometry.details_offset = geometry.slots_offset + slots * geometry.slot_size;
        memory.assign((geometry.details_offset + std::size_t{slots} * geometry.detail_size) / 8, 0);
        table::Writer<>(bytes(), geometry).format("boot");
        use();
    }
    void use() {
        store_.use(bytes(), [](const std::string& /*name*/) {});
    }
    std::span<std::byte> bytes() { return std::as_writable_bytes(std::span(memory)); }

    void enter(const supervisor::Service& service) override { told().enter(service); }
    void forget(supervisor::ServiceId service) override { told().forget(service); }
    void save(const supervisor::Service& service, supervisor::Changed changed) override {
        told().save(service, changed);
    }
    void performed(supervisor::ServiceId service) override { told().performed(service); }
    std::int32_t* expect(supervisor::ProcessKey key, state_table::Role role) override {
        return told().expect(key, role);
    }
    void main_process(supervisor::ProcessKey key, std::int32_t pid, Duration begun) override {
        told().main_process(key, pid, begun);
    }
    void exited(supervisor::ProcessKey key, ExitStatus status, bool was_executed) override {
        told().exited(key, status, was_executed);
    }
    void mark(std::uint32_t flag) override { told().mark(flag); }

    std::vector<std::uint64_t> memory;
    std::function<void()> before_change;

  private:
    supervisor::StateStore& told() {
        if (before_change) {
            before_change();
        }
        return store_;
    }
    supervisor::StateStore store_;
};

struct FakeSystem {
    FakeSystem() {
        processes.set_listener(services);
        processes.state = &kept;
    }

    FakeClock clock;
    FakeProcesses processes;
    FakeOutputs outputs;
    FakeDefinitions definitions;
    FakeJournal journal;
    FakeCgroups cgroups;
    FakeReadiness readiness;
    FakeSessions sessions;
    FakeMachine machine;
    FakeSockets sockets;
    FakeState kept{clock};
    FaultCounter faults;
    FaultyProcesses faulty_processes{processes, faults};
    FaultyOutputs faulty_outputs{outputs, faults};
    FaultyDefinitions faulty_definitions{definitions, faults};
    FaultyCgroups faulty_cgroups{cgroups, faults};
    FaultyReadiness faulty_readiness{readiness, faults};
    FaultySessions faulty_sessions{sessions, faults};
    supervisor::ServiceSet services{ports()};

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

    /// What of the world outlives a supervisor.
    struct Moment {
        std::vector<std::uint64_t> table;
        std::map<std::int32_t, FakeProcesses::Process> alive;
        std::set<std::int32_t> executed;
        std::map<std::int32_t, ExitStatus> unheard;
        std::int32_t last_pid = 0;
    };
    Moment moment() const {
        return {kept.memory, processes.alive, processes.executed, processes.unheard,
                processes.last_pid};
    }

    /// The supervisor died at @p moment; another one finds these services enabled.
    void succeed(const Moment& moment, const std::vector<std::string>& names) {
        std::destroy_at(&services);
        clock.forget_all();
        readiness.opened.clear();
        // In place, as the pid words of living processes lie in it.
        std::copy(moment.table.begin(), moment.table.end(), kept.memory.begin());
        processes.alive = moment.alive;
        processes.executed = moment.executed;
        processes.unborn = static_cast<int>(
            std::count_if(moment.alive.begin(), moment.alive.end(),
                          [](const auto& each) { return !each.second.is_executed; }));
        processes.unheard = moment.unheard;
        processes.last_pid = moment.last_pid;
        std::construct_at(&services, ports());
        processes.set_listener(services);
        supervisor::KnownState known = supervisor::read_state(kept.bytes());
        kept.use();
        services.inherit(std::move(known));
        const supervisor::ServiceSet::Batch batch(services);
        for (const std::string& name : names) {
            services.add(name, "/sv/" + name);
        }
        services.end_inheritance();
    }

  private:
    supervisor::ServiceSet::Ports ports() {
        return {clock,
                faulty_processes,
                faulty_outputs,
                faulty_definitions,
                journal,
                faulty_cgroups,
                faulty_readiness,
                faulty_sessions,
                machine,
                kept,
                nullptr,
                &sockets};
    }
};

inline ExitStatus exited(int code) {
    return {ExitStatus::Kind::Exited, static_cast<std::uint8_t>(code), false};
}

inline ExitStatus killed_by(int signal) {
    return {ExitStatus::Kind::Signaled, static_cast<std::uint8_t>(signal), false};
}

}  // namespace mainstay::fakes
