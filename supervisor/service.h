/// One supervised service: its snapshot and what surrounds it. Plain data of service_set.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "supervisor/definition.h"
#include "supervisor/os_clock.h"
#include "supervisor/os_processes.h"
#include "supervisor/service_state.h"

namespace mainstay::supervisor {

struct LastDeath {
    ExitStatus status;
    Duration lived{0};
    Duration at{0};  ///< on the age clock
};

/// What the current or last run said of itself (sd_notify(3)), as far as it is for people.
struct ServiceWords {
    std::string status;  ///< STATUS
    std::string error;   ///< ERRNO, BUSERROR or EXIT_STATUS, in words

    friend bool operator==(const ServiceWords&, const ServiceWords&) = default;
};

struct Service {
    ServiceId id = 0;
    std::string name;  ///< "web", or "web/log" for its logger
    Definition definition;
    Snapshot snapshot;
    std::optional<ServiceId> logger;  ///< of a service: who writes its output away
    std::optional<ServiceId> feeder;  ///< of a logger: whose output it writes away
    bool leaving = false;             ///< forgotten when it is down
    bool settled = false;             ///< its first start has come to an outcome

    TimerId timer = kNoTimer;
    TimerId auxiliary_timer = kNoTimer;
    MonotonicTime timer_due{};
    Duration since{0};               ///< when the state was entered, on the age clock
    MonotonicTime executed{};        ///< when the program of this generation began
    std::int32_t process_group = 0;  ///< of the last run
    std::optional<LastDeath> last_death;
    std::optional<ExecFault> exec_fault;  ///< of the last start, where it did not come to an exec
    std::unique_ptr<ServiceWords> words;  ///< null: it said nothing
    std::string cause;                    ///< why it is in this state, where nothing above says it
};

}  // namespace mainstay::supervisor
