/// chpst, setuidgid, envuidgid, envdir, pgrphack, setlock and softlimit, as runit has them: change
/// what the process is, then become another program.
#pragma once

#include "supervisor/chpst/options.h"

namespace mainstay::chpst {

/// Returns only where it fails. @returns the exit code: 100 usage, 111 what was to be done failed
int run_program(int argc, char** argv, Program program);

}  // namespace mainstay::chpst
