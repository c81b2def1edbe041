/// The seam to what a service leaves behind where it has no cgroup: the processes of its session.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mainstay::supervisor {

class Sessions {
  public:
    Sessions() = default;
    Sessions(const Sessions&) = delete;
    Sessions& operator=(const Sessions&) = delete;
    virtual ~Sessions() = default;

    /// KILL to every process of it. @returns how many there were
    virtual std::size_t kill_members(std::int32_t session) = 0;
};

}  // namespace mainstay::supervisor
