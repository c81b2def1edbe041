/// PURE. What `svctl help` and `svctl help COMMAND` print, made from the table of commands.
#pragma once

#include <optional>
#include <string>

#include "ctl/command_table.h"

namespace mainstay::ctl {

/// @param topic a command; none: svctl as a whole
std::string help_text(std::optional<Command> topic);

}  // namespace mainstay::ctl
