/// The seam to where services' output goes: pipes to loggers, and the memory ring for services
/// without one. The real one is LogPipes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/result.h"
#include "supervisor/os_processes.h"
#include "supervisor/spawn_plan.h"

namespace mainstay::supervisor {

class Outputs {
  public:
    Outputs() = default;
    Outputs(const Outputs&) = delete;
    Outputs& operator=(const Outputs&) = delete;
    virtual ~Outputs() = default;

    /// Lets the output of @p service go to the standard input of @p logger, by a pipe of which both
    /// ends are kept until the two are forgotten: either may restart and nothing is lost.
    virtual Result<void> connect(ServiceId service, ServiceId logger) = 0;

    /// What the service's next process is connected to; borrowed. A service that was not connected
    /// gets a pipe of its own into memory, made now.
    virtual Result<Streams> streams_of(ServiceId service) = 0;

    /// Closes the kept write end of what feeds @p logger, so that it reads the rest and then EOF.
    virtual void close_input(ServiceId logger) = 0;

    virtual void forget(ServiceId service) = 0;

    /// The newest lines that the service wrote, as far as they are in memory.
    virtual std::vector<std::string> last_lines(ServiceId service, std::size_t count) = 0;
};

}  // namespace mainstay::supervisor
