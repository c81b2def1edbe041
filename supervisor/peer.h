/// Who is at the other end of a connection, as the kernel says, and what that allows.
#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

#include "common/result.h"
#include "supervisor/control_handler.h"

namespace mainstay::supervisor {

struct Peer {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;  ///< supplementary
};

/// SO_PEERCRED and SO_PEERGROUPS (Linux 4.13): as they were when the peer connected.
Result<Peer> peer_of(int fd);

/// @param own_uid of the supervisor
Rights rights_of(const Peer& peer, uid_t own_uid, std::optional<gid_t> control_group) noexcept;

}  // namespace mainstay::supervisor
