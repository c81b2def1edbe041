/// Puts together what one runsv, or all that a runsvdir would start, is here: services, their
/// `supervise` directories, nothing else. No control socket, no state that outlives it, no cgroups.
///
/// A service is taken in once its `supervise` is its own: before that nothing of it is started. As
/// runit has it, one that is told to exit leaves, and comes back a second later as long as there
/// is a runsvdir.
#pragma once

#include <cstdint>
#include <string>

#include "common/unique_fd.h"
#include "supervisor/environment.h"
#include "supervisor/own_process.h"
#include "supervisor/runsv/voice.h"

namespace mainstay::supervisor::runsv {

struct HouseSettings {
    /// Absolute: of one service, or of all.
    std::string directory;
    enum class Holds : std::uint8_t { Service, Services };
    Holds holds = Holds::Service;
    /// Of Services: its end is the end of runsvdir, after which nothing is taken in any more.
    UniqueFd runsvdir;
    Environment environment;  ///< for services
    Inheritance born_with;
    std::uint32_t umask = 022;
};

/// Supervises until all have left.
/// @returns the program's exit code
int run_house(HouseSettings settings, Voice& voice);

}  // namespace mainstay::supervisor::runsv
