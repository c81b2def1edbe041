#include "supervisor/options.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "common/nearest.h"
#include "common/paths.h"
#include "supervisor/check_options.h"

namespace mainstay::supervisor {
namespace {

constexpr std::string_view kHelp =
    "usage: supervisor [--control SOCKET] [--control-group GROUP]\n"
    "                  [--state-dir DIR] [--log-dir DIR] [--definitions DIR:...] [DIR]\n"
    "       supervisor --check [--root DIR] [--json] [DIR]\n"
    "\n"
    "Supervises every service directory (or symlink to one) in DIR.\n"
    "\n"
    "  --control SOCKET       where svctl finds it (default: $SVCTL_SOCKET, else\n"
    "                         /run/mainstay/control, else below $XDG_RUNTIME_DIR)\n"
    "  --control-group GROUP  group whose members may look (default: adm)\n"
    "  --state-dir DIR        where what lasts until the next boot is kept: notify sockets,\n"
    "                         services enabled until then, and state (default: beside\n"
    "                         the control socket)\n"
    "  --definitions DIR:...  where svctl enable looks for a name\n"
    "                         (default: /etc/sv:/usr/lib/sv)\n"
    "  --log-dir DIR          where svlog writes what services print (default: it is\n"
    "                         kept in memory only)\n"
    "  --check                say what is wrong with the services, and exit: with 1 where\n"
    "                         there is an error; --root looks into another root, --json\n"
    "                         prints objects\n"
    "  --help, --version      print this, or the version, and exit\n"
    "\n"
    "DIR is /etc/service where it is not given. TERM or INT stops all services in\n"
    "order and ends. See supervisor(8).\n";

constexpr std::array<std::string_view, 8> kNames = {"--check",       "--control", "--control-group",
                                                    "--definitions", "--log-dir", "--state-dir",
                                                    "--help",        "--version"};

std::string unknown_option(std::string_view name) {
    std::string message = "unknown option " + std::string(name);
    const std::string_view nearest = nearest_word(name, kNames);
    return nearest.empty() ? message : message + "; did you mean " + std::string(nearest) + "?";
}

std::string default_socket(const Surroundings& surroundings) {
    if (!surroundings.socket_variable.empty()) {
        return std::string(surroundings.socket_variable);
    }
    if (!surroundings.is_root && !surroundings.runtime_directory.empty()) {
        return std::string(surroundings.runtime_directory) + "/mainstay/control";
    }
    return kControlSocket;
}

/// "A:B" as A and B; empty parts are none.
std::vector<std::string> split_path(std::string_view path) {
    std::vector<std::string> parts;
    while (!path.empty()) {
        const std::size_t colon = std::min(path.find(':'), path.size());
        if (colon > 0) {
            parts.emplace_back(path.substr(0, colon));
        }
        path.remove_prefix(std::min(colon + 1, path.size()));
    }
    return parts;
}

/// Reads arguments one after the other into options.
class Reader {
  public:
    Reader(std::span<const std::string_view> arguments, Options options)
        : arguments_(arguments), options_(std::move(options)) {}

    Invocation read() {
        while (next_ < arguments_.size()) {
            const std::string_view argument = arguments_[next_++];
            if (only_operands_ || argument.empty() || argument.front() != '-') {
                take_directory(argument);
            } else if (argument == "--") {
                only_operands_ = true;
            } else if (argument == "--help") {
                return ShowHelp{};
            } else if (argument == "--version") {
                return ShowVersion{};
            } else {
                take_option(argument);
            }
            if (!problem_.empty()) {
                return UsageError{problem_};
            }
        }
        return options_;
    }

  private:
    void take_directory(std::string_view argument) {
        if (argument.empty()) {
            problem_ = "DIR is empty";
        } else if (has_directory_) {
            problem_ = "more than one DIR: " + options_.directory + " and " + std::string(argument);
        }
        options_.directory = argument;
        has_directory_ = true;
    }

    void take_option(std::string_view argument) {
        const std::size_t equals = std::min(argument.find('='), argument.size());
        const std::string_view name = argument.substr(0, equals);
        const bool takes_value = name == "--control" || name == "--control-group" ||
                                 name == "--definitions" || name == "--log-dir" ||
                                 name == "--state-dir";
        if (!takes_value) {
            problem_ = unknown_option(name);
            return;
        }
        std::string_view value;
        if (equals < argument.size()) {
            value = argument.substr(equals + 1);
        } else if (next_ < arguments_.size()) {
            value = arguments_[next_++];
        }
        take_value(name, value);
    }

    void take_value(std::string_view name, std::string_view value) {
        if (name == "--control-group") {
            need(name, value, "a GROUP");
            options_.control_group = value;
            options_.group_was_named = true;
        } else if (name == "--control") {
            need(name, value, "a SOCKET");
            options_.control_socket = value;
        } else if (name == "--log-dir") {
            need(name, value, "a DIR");
            options_.log_directory = value;
        } else if (name == "--state-dir") {
            need(name, value, "a DIR");
            options_.state_directory = value;
        } else {
            need(name, value, "a DIR");
            options_.definitions = split_path(value);
        }
    }

    void need(std::string_view name, std::string_view value, const char* what) {
        if (value.empty()) {
            problem_ = std::string(name) + " needs " + what;
        }
    }

    std::span<const std::string_view> arguments_;
    std::size_t next_ = 0;
    Options options_;
    bool has_directory_ = false;
    bool only_operands_ = false;
    std::string problem_;
};

}  // namespace

Invocation parse_options(std::span<const std::string_view> arguments,
                         const Surroundings& surroundings) {
    if (asks_for_check(arguments)) {
        return parse_check(arguments);
    }
    return Reader(arguments, {kServiceDirectory,
                              default_socket(surroundings),
                              "adm",
                              false,
                              split_path(kDefinitionDirectories),
                              {},
                              {}})
        .read();
}

std::string_view help_text() noexcept {
    return kHelp;
}

}  // namespace mainstay::supervisor
