/// PURE. The environment that services start with.
///
/// On a machine: PATH, and what /etc/environment says. In a container, and where the supervisor
/// runs under another init: what it was given itself. In all cases without what concerns only the
/// supervisor, and with SVCTL_SOCKET, so that a run may call svctl.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mainstay::supervisor {

using Environment = std::vector<std::string>;  ///< "NAME=value", each name once

/// Reads /etc/environment as pam_env does: `NAME=value` or `export NAME=value` a line, `#` begins
/// a comment line, one pair of quotes around the value is dropped. Other lines are skipped.
Environment parse_environment_file(std::string_view text);

/// Sets or replaces one variable.
void set_variable(Environment& environment, std::string_view name, std::string_view value);

/// @returns the value; empty where it is not set.
std::string_view get_variable(const Environment& environment, std::string_view name) noexcept;

void unset_variable(Environment& environment, std::string_view name);

enum class Origin { Machine, Inherited };

/// @param inherited the supervisor's own environment
/// @param environment_file text of /etc/environment; used for Origin::Machine
Environment service_environment(Origin origin, const Environment& inherited,
                                std::string_view environment_file, std::string_view control_socket);

}  // namespace mainstay::supervisor
