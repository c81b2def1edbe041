/// svlogd as a program: reads lines from standard input, and writes those that a log directory
/// selects into it. A program of its own that shares nothing with svlog, which the supervisor runs
/// for services without a logger.
#pragma once

namespace mainstay::svlogd {

/// What argv[0] has to end in.
inline constexpr char kProgramName[] = "svlogd";

/// @returns the program's exit code
int run_program(int argc, char** argv);

}  // namespace mainstay::svlogd
