/// PURE. Where the supervisor keeps what is its own beside the control socket, or in the directory
/// of
/// --state-dir.
#pragma once

#include <string>
#include <string_view>

namespace mainstay::supervisor {

struct Places {
    std::string state;      ///< the state table's file where no PID 1 of ours keeps it
    std::string svlog;      ///< who svlog is, for a supervisor without such a PID 1
    std::string notify;     ///< directory of the services' notify sockets
    std::string enabled;    ///< directory of the services that are enabled until the next boot
    std::string supervise;  ///< directory for what belongs to services that cannot be written to

    friend bool operator==(const Places&, const Places&) = default;
};

/// Without a state directory all of it lies in the control socket's: "/run/mainstay/state" and so
/// on for "/run/mainstay/control". Where the socket has another name, state and notify are named
/// after it ("PATH.state"), so that two supervisors never share one.
/// @param control_socket path
/// @param state_directory path; empty: none was given
Places places_of(std::string_view control_socket, std::string_view state_directory);

}  // namespace mainstay::supervisor
