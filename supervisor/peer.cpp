#include "supervisor/peer.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace mainstay::supervisor {

Result<Peer> peer_of(int fd) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0) {
        return last_error("getsockopt");
    }
    Peer peer{credentials.uid, credentials.gid, std::vector<gid_t>(64)};
    for (;;) {
        size = static_cast<socklen_t>(peer.groups.size() * sizeof(gid_t));
        if (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &size) == 0) {
            peer.groups.resize(size / sizeof(gid_t));
            return peer;
        }
        if (errno != ERANGE) {
            peer.groups.clear();  // not known is as good as none
            return peer;
        }
        peer.groups.resize(size / sizeof(gid_t));
    }
}

Rights rights_of(const Peer& peer, uid_t own_uid, std::optional<gid_t> control_group) noexcept {
    if (peer.uid == 0 || peer.uid == own_uid) {
        return Rights::Everything;
    }
    const bool is_member = control_group && (peer.gid == *control_group ||
                                             std::find(peer.groups.begin(), peer.groups.end(),
                                                       *control_group) != peer.groups.end());
    return is_member ? Rights::Look : Rights::None;
}

}  // namespace mainstay::supervisor
