/// svlog as a program: its command line, its process, its end.
#pragma once

namespace mainstay::svlog {

/// What argv[0] has to end in.
inline constexpr char kProgramName[] = "svlog";

/// @returns the program's exit code
int run_program(int argc, char** argv);

}  // namespace mainstay::svlog
