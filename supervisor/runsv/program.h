/// runsv and runsvdir, as runit has them, but for one thing: all that one runsvdir supervises is
/// one process, not one each.
#pragma once

namespace mainstay::supervisor::runsv {

/// @returns the exit code: 1 usage, 111 the service is not to be had, 0 it was told to exit
int run_program(int argc, char** argv);

/// @returns the exit code: 1 usage, 0 after TERM, 111 after HUP
int run_dir_program(int argc, char** argv);

}  // namespace mainstay::supervisor::runsv
