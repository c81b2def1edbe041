/// PURE. The supervisor's command line.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mainstay::supervisor {

struct Options {
    std::string directory;       ///< scanned for services
    std::string control_socket;  ///< path
    std::string control_group;   ///< name or number; may look
    bool group_was_named = false;
    std::vector<std::string> definitions;  ///< where `svctl enable NAME` looks, in this order
    std::string log_directory;             ///< where svlog writes files; empty: nowhere
    std::string state_directory;           ///< see places.h; empty: beside the control socket

    friend bool operator==(const Options&, const Options&) = default;
};

enum class ReportFormat : std::uint8_t { Text, Json };

/// `--check`: say what is wrong with the services, and do nothing else.
struct Check {
    std::string root;       ///< another root to look into; empty: the machine's
    std::string directory;  ///< of the enabled services; empty: the usual one
    ReportFormat format = ReportFormat::Text;

    friend bool operator==(const Check&, const Check&) = default;
};

struct ShowHelp {};
struct ShowVersion {};
struct UsageError {
    std::string message;  ///< one sentence, with the nearest right thing where there is one
};

/// What the outside decides: the environment's SVCTL_SOCKET (empty: not set), XDG_RUNTIME_DIR, and
/// whether root asks.
struct Surroundings {
    std::string_view socket_variable;
    std::string_view runtime_directory;
    bool is_root = true;
};

using Invocation = std::variant<Options, Check, ShowHelp, ShowVersion, UsageError>;

/// @param arguments without the program's name
Invocation parse_options(std::span<const std::string_view> arguments,
                         const Surroundings& surroundings);

std::string_view help_text() noexcept;

}  // namespace mainstay::supervisor
