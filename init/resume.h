/// The start of a program that goes on where another was: after an upgrade, or after PID 1 failed.
#pragma once

#include "init/boot.h"
#include "init/environment.h"
#include "init/fault_handler.h"
#include "init/pid1.h"

namespace mainstay::init {

/// Goes on with what @p word leads to; boots where that is nothing.
/// @returns the exit code of a container; a machine's PID 1 never returns
int resume(int argc, char** argv, const StartWord& word) noexcept;

/// Tells of the faults of a PID 1 before, and waits for a person where there were too many.
void deal_with_faults(Pid1& pid1, Recovery recovery, SignalSource& signals, Role role) noexcept;

}  // namespace mainstay::init
