/// Puts together what one runsv, or all that a runsvdir would start, is here: services, their
/// `supervise` directories, nothing else. No control socket, no svlog, no cgroups. Services outlive
/// a house that dies where there is a runsvdir, and the next one goes on with them.
///
/// A service is taken in once its `supervise` is its own: before that nothing of it is started. As
/// runit has it, one that is told to exit leaves, and comes back a second later as long as there
/// is a runsvdir.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "common/unique_fd.h"
#include "supervisor/environment.h"
#include "supervisor/own_process.h"
#include "supervisor/runsv/keeping.h"
#include "supervisor/runsv/voice.h"

namespace mainstay::supervisor::runsv {

/// What the program was started with, and services are.
struct Birthright {
    Environment environment;
    Inheritance limits;
    std::uint32_t umask = 022;
    int number = 0;  ///< of the process
};

struct HouseSettings {
    /// Absolute: of one service, or of all.
    std::string directory;
    enum class Holds : std::uint8_t { Service, Services };
    Holds holds = Holds::Service;
    /// Of Services: to runsvdir, after whose end nothing is taken in any more.
    UniqueFd runsvdir;
    /// Of Services: the state table that outlives the house; empty: there is none.
    std::span<std::byte> table;
    KeptDescriptors kept;  ///< for the house before this one
    Birthright birthright;
};

/// Supervises until all have left.
/// @returns the program's exit code
int run_house(HouseSettings settings, Voice& voice);

}  // namespace mainstay::supervisor::runsv
