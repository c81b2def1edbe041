/// runsvdir's own process: starts the house that holds all services and starts it again, shows what
/// is said in its command line, buries whatever comes to it as PID 1. It ends on TERM and HUP while
/// the house goes on, or stops everything; a house that is not PID 1's child notices by a pipe.
#pragma once

#include <functional>
#include <string>

#include "common/unique_fd.h"
#include "supervisor/runsv/arguments.h"
#include "supervisor/runsv/voice.h"

namespace mainstay::supervisor::runsv {

/// @param house runs in a child, and what it returns is the child's exit code; gets what tells of
///        our end
/// @returns the program's exit code
int run_dir_parent(const DirCall& call, Voice& voice, const std::function<int(UniqueFd)>& house);

}  // namespace mainstay::supervisor::runsv
