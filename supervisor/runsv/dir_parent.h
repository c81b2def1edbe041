/// runsvdir's own process: starts the house that holds all services and starts it again, shows what
/// is said in its command line, buries whatever comes to it as PID 1. It ends on TERM and HUP while
/// the house goes on, or stops everything; the house notices by the socket between them. What a
/// house needs that follows one that died is kept here: the state table, and descriptors.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "common/unique_fd.h"
#include "supervisor/runsv/arguments.h"
#include "supervisor/runsv/keeping.h"
#include "supervisor/runsv/voice.h"

namespace mainstay::supervisor::runsv {

/// What the house gets.
struct Bequest {
    UniqueFd runsvdir;
    std::span<std::byte> table;
    KeptDescriptors kept;
};
/// Runs in a child; what it returns is the child's exit code, 0 where it leaves nothing.
using RunHouse = std::function<int(Bequest)>;

/// @returns the program's exit code
int run_dir_parent(const DirCall& call, Voice& voice, const RunHouse& house);

}  // namespace mainstay::supervisor::runsv
