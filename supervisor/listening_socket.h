/// One place where a service shall be reached, as it is open: a listening or datagram socket, or a
/// fifo, and the file that leads there. Made from a ListenPoint; one that was kept by somebody says
/// itself where it leads.
///
/// A file that is in the way is taken away only if it is a socket with nobody behind it.
#pragma once

#include <cstdint>

#include "common/result.h"
#include "common/unique_fd.h"
#include "supervisor/listen_point.h"
#include "supervisor/os_processes.h"
#include "supervisor/users.h"

namespace mainstay::supervisor {

class ListeningSocket {
  public:
    ListeningSocket() noexcept = default;

    /// Makes missing directories of its path, 0755. The descriptor blocks, as whoever takes it
    /// expects; nobody here ever reads it.
    static Result<ListeningSocket, ExecFault> make(const ListenPoint& point, UserFiles& users);

    /// @param fd as make() has made it once
    static ListeningSocket restored(UniqueFd fd);

    bool valid() const noexcept { return fd_.valid(); }
    int fd() const noexcept { return fd_.get(); }
    const ListenPoint& point() const noexcept { return point_; }

    /// Whether its path still leads here; true for what has none.
    bool is_in_place() const noexcept;

    /// Of the same place: mode, owner and backlog become those of @p wanted.
    Result<void, ExecFault> adapt(const ListenPoint& wanted, UserFiles& users);

    /// Closes it, and takes away its file if that is still its own.
    void remove() noexcept;

  private:
    Result<void, ExecFault> open(UserFiles& users);
    Result<void, ExecFault> open_address();
    Result<void, ExecFault> open_path();
    Result<void, ExecFault> open_fifo();
    Result<void, ExecFault> set_owner_and_mode(UserFiles& users) const;
    ExecFault fault(int code, const char* reason = "") const;
    void note_file() noexcept;

    UniqueFd fd_;
    ListenPoint point_;
    bool is_restored_ = false;  ///< of point_ only the place is known
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
};

/// Takes away a socket's file that nobody is behind, left by a supervisor that died.
void remove_stale_file(const ListenPoint& point) noexcept;

}  // namespace mainstay::supervisor
