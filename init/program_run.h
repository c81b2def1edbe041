/// Runs a program and waits for it, for children of PID 1 that have nothing else to do.
#pragma once

#include "common/exit_status.h"
#include "common/result.h"

namespace mainstay::init {

/// @param argv its first word is the path; ends with a null pointer. Output goes to the console
/// where there is one.
/// @returns how it ended; 127 where it could not be executed
Result<ExitStatus> run_program(const char* const* argv) noexcept;

}  // namespace mainstay::init
