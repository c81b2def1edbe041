/// The seam to the machine as a whole: what `on-failure-action` may ask for. The real one asks PID
/// 1 by the signals that init(8) lists, or ends the supervisor.
#pragma once

#include <cstdint>

namespace mainstay::supervisor {

class System {
  public:
    System() = default;
    System(const System&) = delete;
    System& operator=(const System&) = delete;
    virtual ~System() = default;

    virtual void reboot() = 0;
    virtual void power_off() = 0;

    /// Stops all services in order and ends with @p code: in a container that is its exit code.
    virtual void exit_with(std::uint8_t code) = 0;
};

}  // namespace mainstay::supervisor
