/// What a supervisor leaves to the next of services' output, as its keeper hands it back.
#pragma once

#include <string>
#include <vector>

#include "common/unique_fd.h"
#include "supervisor/os_keeper.h"
#include "supervisor/os_processes.h"

namespace mainstay::supervisor {

struct KeptLog {
    KeptKind kind = KeptKind::LogPipe;  ///< LogPipe, LoggerPipe or Arena
    ServiceId service = 0;              ///< 0 of the arena, and of the supervisor's own messages
    std::string name;                   ///< the service's; empty where nobody knows it any more
    std::vector<UniqueFd> descriptors;  ///< as they were given to Keeper::keep()
};

}  // namespace mainstay::supervisor
