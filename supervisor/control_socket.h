/// The control socket as a file: made with its rights before anybody can see it, taken over from a
/// dead supervisor, never from a living one.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "common/result.h"
#include "common/unique_fd.h"

namespace mainstay::supervisor {

struct ControlSocket {
    UniqueFd fd;  ///< listening, non-blocking
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
};

/// Makes directories that are missing (0755) and the socket (0660, of @p group).
/// @returns EADDRINUSE where another supervisor answers on it.
Result<ControlSocket> make_control_socket(const std::string& path, std::optional<gid_t> group);

/// The socket @p fd, if it is one that listens, and @p path leads to a socket: what another program
/// has left to the one in its place.
Result<ControlSocket> inherited_control_socket(const std::string& path, int fd);

/// Whether @p fd is an end of a connection.
bool is_connected(int fd) noexcept;

/// Whether the path still leads to this socket.
bool is_in_place(const std::string& path, const ControlSocket& socket) noexcept;

/// A number, or a name of /etc/group. Static programs have no NSS: only that file is read.
std::optional<gid_t> find_group(const std::string& name);

}  // namespace mainstay::supervisor
