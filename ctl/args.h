/// PURE. The command line of svctl: what is to be done, or what is wrong with it.
///
/// Options may stand before and after the command; `--` ends them. A command may be cut to any
/// beginning that only one command has.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ctl/command_table.h"

namespace mainstay::ctl {

enum class OutputFormat : std::uint8_t { Text, Json };

struct Invocation {
    Command command = Command::Status;
    std::vector<std::string> services;
    int signal = 0;                      ///< Verb::Signal: 1 to 64
    std::optional<Command> topic;        ///< of Command::Help
    std::optional<std::string> control;  ///< --control
    OutputFormat format = OutputFormat::Text;
    bool wait = true;
    std::optional<std::chrono::milliseconds> timeout;    ///< --timeout; none: not given
    bool follow = false;                                 ///< --follow
    std::uint32_t lines = protocol::kUsualLogLines;      ///< --lines
    protocol::Goal goal = protocol::Goal::Ready;         ///< --up, --ready, --down, --boot
    protocol::Place place = protocol::Place::Permanent;  ///< --runtime
    std::string root;                                    ///< --root; empty: not given
    std::string path;                                    ///< of add, enable, lint; as it was typed
    bool ready = false;                                  ///< notify: ready
    bool reloading = false;                              ///< notify: reloading
    bool stopping = false;                               ///< notify: stopping
    std::optional<std::string> status_text;              ///< notify: status TEXT

    friend bool operator==(const Invocation&, const Invocation&) = default;
};

/// `--version`: asks no supervisor.
struct PrintOwnVersion {};

struct UsageError {
    std::string message;  ///< one sentence without "svctl: "
};

using ParsedArgs = std::variant<Invocation, PrintOwnVersion, UsageError>;

/// @param words argv without the name of the program
ParsedArgs parse_args(const std::vector<std::string_view>& words);

/// What the supervisor is asked; the command must have a verb.
protocol::Request make_request(const Invocation& invocation, protocol::RequestId id);

}  // namespace mainstay::ctl
