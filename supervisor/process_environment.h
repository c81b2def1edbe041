/// PURE. The environment of one process, where it is not simply the one that all services get.
#pragma once

#include <string>
#include <string_view>

#include "supervisor/environment.h"
#include "supervisor/spawn_plan.h"

namespace mainstay::supervisor {

/// Who the process is, for HOME, USER, LOGNAME and SHELL; what is empty is not set.
struct UserVariables {
    std::string_view name;
    std::string_view home;
    std::string_view shell;
};

/// Later wins: what all services get, the user's variables, the environment file, what env/ takes
/// away, what env/ and `environment` set, what the start itself adds. Variables for the process's
/// own pid come last, in the plan's order, as "NAME=" and room for the number that the child
/// writes.
Environment process_environment(const Environment& common, const UserVariables& user,
                                std::string_view environment_file, const SpawnPlan& plan);

/// Where to look for a program: itself if it has a slash, else in each directory of PATH.
std::vector<std::string> program_candidates(std::string_view program, std::string_view path);

}  // namespace mainstay::supervisor
