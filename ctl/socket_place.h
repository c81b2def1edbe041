/// PURE. Where the supervisor is looked for, and the sentences for not getting an answer there.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/protocol.h"

namespace mainstay::ctl {

/// A control socket and who named it.
struct SocketPlace {
    enum class Origin : std::uint8_t { Option, Variable, UserDefault, SystemDefault };

    std::string path;
    Origin origin = Origin::SystemDefault;

    friend bool operator==(const SocketPlace&, const SocketPlace&) = default;
};

enum class User : std::uint8_t { Root, Other };

/// --control, then SVCTL_SOCKET, then what belongs to the user; variables are empty where unset.
SocketPlace choose_socket(const std::optional<std::string>& option, std::string_view svctl_socket,
                          std::string_view xdg_runtime_dir, User user);

/// Why there is no answer: what svctl exits with, a word for programs, a sentence for people.
struct Trouble {
    protocol::ExitCode exit = protocol::ExitCode::NoSupervisor;
    std::string code;
    std::string message;
};

/// connect(2) failed with @p error_number: not there, nobody listens, not permitted, or other.
Trouble cannot_connect(const SocketPlace& place, int error_number);

/// Nothing came within @p limit.
Trouble no_answer(const SocketPlace& place, std::chrono::milliseconds limit);

/// The connection ended before the greeting was complete.
Trouble ended_before_greeting(const SocketPlace& place);

/// The connection ended, or reading failed with @p error_number (0: it ended), with the answer
/// incomplete.
Trouble ended_early(const SocketPlace& place, int error_number);

/// Something else than a supervisor of ours listens there; @p reason is a part of a sentence.
Trouble not_a_supervisor(const SocketPlace& place, std::string_view reason);

/// The supervisor speaks another version of the protocol.
Trouble other_protocol(const SocketPlace& place, const protocol::Greeting& greeting);

}  // namespace mainstay::ctl
