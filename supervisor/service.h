/// One supervised service: its snapshot and what surrounds it. Plain data of service_set.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/death_log.h"
#include "supervisor/definition.h"
#include "supervisor/depgraph.h"
#include "supervisor/os_clock.h"
#include "supervisor/os_processes.h"
#include "supervisor/service_state.h"

namespace mainstay::supervisor {

/// What the current or last run said of itself (sd_notify(3)), as far as it is for people.
struct ServiceWords {
    std::string status;  ///< STATUS
    std::string error;   ///< ERRNO, BUSERROR or EXIT_STATUS, in words

    friend bool operator==(const ServiceWords&, const ServiceWords&) = default;
};

/// What few services have; null until there is something.
struct ServiceHistory {
    DeathLog deaths;
    std::optional<ExecFault> exec_fault;
    std::vector<std::string> problems;  ///< of a definition that cannot be used
    ExitStatus setup_exit;              ///< of the last setup program that failed
    bool said_shortage =
        false;  ///< that it is not started for want of descriptors; once an episode
};

struct Service {
    Service(ServiceId i, NodeId n, const std::string& service_name)
        : id(i), node(n), name(service_name) {}

    const ServiceId id;
    const NodeId node;        ///< in the graph and the planner
    const std::string& name;  ///< "web", or "web/log" for its logger; the graph's
    Definition definition;
    Snapshot snapshot;
    ServiceId logger = 0;    ///< who writes its output away, its own or a shared one; 0: none
    ServiceId feeder = 0;    ///< of a logger of its own: whose output it writes away; 0: none
    bool is_shared = false;  ///< a logger that others lead their output to as well
    bool leaving = false;    ///< forgotten when it is down
    bool fresh = false;      ///< the definition was read for the start that comes next
    bool usable = true;      ///< the definition could be read as it was meant
    bool definition_changed = false;  ///< the directory says something else than what runs
    /// A script of control/ took the place of the stop signal of this run.
    bool stop_signal_replaced = false;
    std::int32_t process_group = 0;  ///< of the last run, and its session

    TimerId timer = kNoTimer;
    TimerId auxiliary_timer = kNoTimer;
    MonotonicTime timer_due{};
    Duration since{0};         ///< when the state was entered, on the age clock
    MonotonicTime executed{};  ///< when the program of this run began
    MonotonicTime auxiliary_due{};
    std::uint64_t definition_hash = 0;  ///< of what it runs with; see state_record.h
    std::uint64_t oom_kills = 0;        ///< in its cgroup, when this run began
    std::unique_ptr<ServiceHistory> history;
    std::unique_ptr<ServiceWords> words;  ///< null: it said nothing

    ServiceHistory& make_history() {
        if (!history) {
            history = std::make_unique<ServiceHistory>();
        }
        return *history;
    }
    /// Null: it never died.
    const DeathRecord* last_death() const noexcept {
        return history && history->deaths.size() > 0 ? &history->deaths.newest(0) : nullptr;
    }
    /// Of the last start, where it did not come to an exec; null otherwise.
    const ExecFault* exec_fault() const noexcept {
        return history && history->exec_fault ? &*history->exec_fault : nullptr;
    }
};

}  // namespace mainstay::supervisor
