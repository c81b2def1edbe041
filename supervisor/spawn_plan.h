/// PURE. What a new process shall be, as plain data: made here from a definition, carried out by
/// spawn and child_exec. What is the same for every service (environment, limits, OOM score,
/// umask) is in SpawnContext instead, once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "supervisor/definition.h"

namespace mainstay::supervisor {

/// A descriptor that the process is to have under a number of its own.
struct PassedDescriptor {
    int from = -1;   ///< borrowed
    int number = 0;  ///< in the child; 3 or more

    friend bool operator==(const PassedDescriptor&, const PassedDescriptor&) noexcept = default;
};

struct SpawnPlan {
    std::string program;                 ///< relative to directory
    std::vector<std::string> arguments;  ///< argv, the first included
    std::string directory;
    int input = -1;   ///< standard input; borrowed; -1 is /dev/null
    int output = -1;  ///< standard output and error; borrowed; -1 is /dev/null

    friend bool operator==(const SpawnPlan&, const SpawnPlan&) = default;
};

/// The descriptors that a service is connected to.
struct Streams {
    int input = -1;
    int output = -1;
};

SpawnPlan plan_run(const Definition& definition, Streams streams);

/// finish gets: exit code, or -1 where a signal ended it · low 8 bits of the wait status (128 is
/// added where it dumped core) · the service's name · its process group.
struct FinishArguments {
    std::string name;
    ExitStatus status;
    std::int32_t process_group = 0;
};
SpawnPlan plan_finish(const Definition& definition, const FinishArguments& arguments,
                      Streams streams);

}  // namespace mainstay::supervisor
