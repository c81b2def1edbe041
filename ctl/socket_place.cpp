#include "ctl/socket_place.h"

#include <cerrno>

#include "common/error.h"
#include "common/paths.h"
#include "ctl/describe.h"

namespace mainstay::ctl {
namespace {

using protocol::ExitCode;

/// "at /run/mainstay/control (from SVCTL_SOCKET)"
std::string at(const SocketPlace& place) {
    std::string text = "at " + place.path;
    switch (place.origin) {
        case SocketPlace::Origin::Option:
            return text.append(" (from --control)");
        case SocketPlace::Origin::Variable:
            return text.append(" (from SVCTL_SOCKET)");
        case SocketPlace::Origin::UserDefault:
            return text.append(" (from XDG_RUNTIME_DIR)");
        case SocketPlace::Origin::SystemDefault:
            return text;
    }
    return text;
}

Trouble no_supervisor(std::string message) {
    return {ExitCode::NoSupervisor, "no-supervisor", std::move(message)};
}

/// What to do where there is no socket: depends on who chose the place.
std::string advice(const SocketPlace& place) {
    if (place.origin == SocketPlace::Origin::UserDefault) {
        return std::string("start supervisor as this user, or name the system's: --control ") +
               kControlSocket;
    }
    if (place.origin == SocketPlace::Origin::SystemDefault) {
        return "start supervisor, or say with --control or SVCTL_SOCKET where its socket is";
    }
    return "start supervisor with this path, or correct it";
}

}  // namespace

SocketPlace choose_socket(const std::optional<std::string>& option, std::string_view svctl_socket,
                          std::string_view xdg_runtime_dir, User user) {
    if (option) {
        return {*option, SocketPlace::Origin::Option};
    }
    if (!svctl_socket.empty()) {
        return {std::string(svctl_socket), SocketPlace::Origin::Variable};
    }
    if (user == User::Other && !xdg_runtime_dir.empty()) {
        return {std::string(xdg_runtime_dir) + "/mainstay/control",
                SocketPlace::Origin::UserDefault};
    }
    return {kControlSocket, SocketPlace::Origin::SystemDefault};
}

Trouble cannot_connect(const SocketPlace& place, int error_number) {
    switch (error_number) {
        case ENOENT:
        case ENOTDIR:
            return no_supervisor("no supervisor " + at(place) + ": there is no such socket; " +
                                 advice(place));
        case ECONNREFUSED:
            return no_supervisor("no supervisor " + at(place) +
                                 ": the socket is there, but nobody listens: the supervisor has "
                                 "ended; it makes the socket again when it is started");
        case EACCES:
        case EPERM:
            return {ExitCode::NotPermitted, "not-permitted",
                    "not permitted to use the control socket " + at(place) +
                        ": try it as root, or as a member of the group that owns the socket"};
        case ENAMETOOLONG:
            return no_supervisor("the path of the control socket is too long " + at(place) +
                                 ": a socket's path has at most 107 bytes");
        default:
            return no_supervisor("no supervisor " + at(place) +
                                 ": connect: " + errno_text(error_number));
    }
}

Trouble no_answer(const SocketPlace& place, std::chrono::milliseconds limit) {
    return {ExitCode::TimedOut, "timed-out",
            "the supervisor " + at(place) + " did not answer within " + countdown_text(limit) +
                "; it may be stopped or busy"};
}

Trouble ended_before_greeting(const SocketPlace& place) {
    return no_supervisor("the supervisor " + at(place) +
                         " closed the connection without a greeting; it may be ending or short of "
                         "memory: try again");
}

Trouble ended_early(const SocketPlace& place, int error_number) {
    std::string message = "the supervisor " + at(place) + " ended the connection";
    if (error_number != 0) {
        message.append(" (").append(errno_text(error_number)).append(")");
    }
    return no_supervisor(message.append(
        " before its answer was complete; what it was asked to do may have been done: see svctl "
        "status"));
}

Trouble not_a_supervisor(const SocketPlace& place, std::string_view reason) {
    return no_supervisor("what listens " + at(place) +
                         " is no supervisor of Mainstay: " + std::string(reason));
}

Trouble other_protocol(const SocketPlace& place, const protocol::Greeting& greeting) {
    return no_supervisor("the supervisor " + at(place) + " is version " + greeting.version +
                         " and speaks protocol " + std::to_string(greeting.protocol) +
                         ", this svctl speaks protocol " + std::to_string(protocol::kVersion) +
                         ": use the svctl of its release");
}

}  // namespace mainstay::ctl
