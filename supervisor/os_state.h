/// The seam to the state table: what the next supervisor finds of each service should this one die.
/// The real one is StateStore; where there is nothing to keep it in, NoStateStore.
///
/// Where each call belongs, so that a kill between any two of them loses nothing, and what the next
/// supervisor does about it: docs/decisions/0041.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/state_table.h"
#include "supervisor/service.h"

namespace mainstay::supervisor {

/// What of a service is to be written besides its record, and why.
struct Changed {
    bool deaths = false;
    bool words = false;
    bool fault = false;
    /// A step led to it: what is saved without one leaves open what the last step left open.
    enum class By : std::uint8_t { Itself, Step, StepWithEffects };
    By by = By::Itself;
};

class StateKeeping {
  public:
    StateKeeping() = default;
    StateKeeping(const StateKeeping&) = delete;
    StateKeeping& operator=(const StateKeeping&) = delete;
    virtual ~StateKeeping() = default;

    /// There is a service of that id and name.
    virtual void enter(const Service& service) = 0;
    virtual void forget(ServiceId service) = 0;

    /// What is true of it now, all at once. Before the effects of the step that led to it.
    virtual void save(const Service& service, Changed changed) = 0;
    /// All effects of the last step that was saved are done.
    virtual void performed(ServiceId service) = 0;

    /// A process of that generation is about to be made; after save().
    /// @returns where the kernel is to store its pid; null: the process is not known to the next
    /// supervisor, and must not outlive this one
    virtual std::int32_t* expect(ProcessKey key, state_table::Role role) = 0;
    /// The service named another main process, that began at @p begun on the age clock.
    virtual void main_process(ProcessKey key, std::int32_t pid, Duration begun) = 0;
    /// How the process ended; before it is reaped, and before the exit is told.
    virtual void exited(ProcessKey key, ExitStatus status, bool was_executed) = 0;

    /// The system has come to that; bits of state_table::Header::flags.
    virtual void mark(std::uint32_t flag) = 0;
};

class NoStateKeeping final : public StateKeeping {
  public:
    void enter(const Service& /*service*/) override {}
    void forget(ServiceId /*service*/) override {}
    void save(const Service& /*service*/, Changed /*changed*/) override {}
    void performed(ServiceId /*service*/) override {}
    std::int32_t* expect(ProcessKey /*key*/, state_table::Role /*role*/) override {
        return nullptr;
    }
    void main_process(ProcessKey /*key*/, std::int32_t /*pid*/, Duration /*begun*/) override {}
    void exited(ProcessKey /*key*/, ExitStatus /*status*/, bool /*was_executed*/) override {}
    void mark(std::uint32_t /*flag*/) override {}
};

/// A service as the supervisor before this one left it.
struct KnownService {
    ServiceId id = 0;
    std::string name;
    Snapshot snapshot;
    std::array<state_table::ProcessWords, state_table::kRoles> processes{};
    MonotonicTime timer_due{};
    MonotonicTime auxiliary_due{};
    Duration since{0};
    MonotonicTime executed{};
    std::uint64_t oom_kills = 0;
    std::uint64_t definition = 0;  ///< hash_of() what it ran with
    bool performed = true;         ///< the effects of its last step are done
    bool leaving = false;
    bool begun = false;  ///< it was started, or found not to be, for the first time
    bool is_shared = false;
    bool definition_changed = false;
    bool is_sound = true;  ///< not: only id, name and processes mean anything
    std::unique_ptr<ServiceHistory> history;
    std::unique_ptr<ServiceWords> words;

    const state_table::ProcessWords& process(state_table::Role role) const noexcept {
        return processes[static_cast<std::size_t>(role)];
    }
};

struct KnownState {
    std::vector<KnownService> services;
    std::vector<std::string> problems;  ///< of slots that cannot be used, in words
    std::uint16_t last_incarnation = 0;
    std::uint32_t flags = 0;  ///< state_table::kBootComplete, ...
};

}  // namespace mainstay::supervisor
