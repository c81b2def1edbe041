/// Accepts control connections, within the limits, and makes the socket again when it is lost: its
/// file removed, its directory removed, or another file system mounted over it. Also keeps trying
/// where it could not be made at first, whenever mounts change.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "supervisor/control_handler.h"
#include "supervisor/journal.h"
#include "supervisor/loop.h"

namespace mainstay::supervisor {

class ControlServer {
  public:
    struct Settings {
        std::string path;
        std::optional<gid_t> group;  ///< members may look
        uid_t own_uid = 0;
        int listener = -1;          ///< a socket that listens at path already; -1: none
        std::vector<int> sessions;  ///< connections that were greeted already
    };

    ControlServer(Loop& loop, Journal& journal, ControlHandler& handler, Settings settings);
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    /// @returns EADDRINUSE where another supervisor has the socket: then this one must not go on.
    /// Any other failure is in the log, and is tried again later.
    Result<void> start();

    /// Whether all that was asked is answered, or being waited for.
    bool is_quiet() const noexcept;
    /// The socket that listens, for a program that goes on with it; -1: none that is in its place.
    int listener() const noexcept;
    /// Connections that the same may go on with.
    std::vector<int> idle_sessions() const;

    /// No longer hears when the socket is lost: make_again_if_lost() is to be called now and then.
    /// Well before the end, for the same reason as Scan::end().
    void stop_watching();
    void make_again_if_lost();

    /// Ends all connections and removes the socket's file.
    void stop();

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;  ///< shared with the coroutines that still run
};

}  // namespace mainstay::supervisor
