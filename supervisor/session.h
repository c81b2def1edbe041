/// What a service left behind where there is no cgroup to ask: processes of the session that its
/// main process led. Who left that session (a daemon that called setsid) is not found. Looks
/// through all of /proc: only for who asks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "supervisor/os_sessions.h"

namespace mainstay::supervisor {

/// Living processes of the session, its leader left out; at most 4096 of them. To be asked while
/// the leader is not reaped yet, or is known to have members: a session that is gone gives its
/// number back.
std::vector<std::int32_t> session_members(std::int32_t session);

/// KILL to each of them, until there are none (or after 100 rounds, if they fork faster).
/// @returns how many were met
std::size_t kill_session(std::int32_t session);

class RealSessions final : public Sessions {
  public:
    std::size_t kill_members(std::int32_t session) override { return kill_session(session); }
};

}  // namespace mainstay::supervisor
