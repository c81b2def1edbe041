/// PID 1 from its first instruction to the running system.
#pragma once

#include <optional>

#include "common/paths.h"
#include "init/cmdline.h"
#include "init/inittab.h"
#include "init/state_memory.h"

namespace mainstay::init {

/// What may be said to PID 1 on its command line. Words it does not know belong to others.
struct BootOptions {
    const char* inittab = kInittab;     ///< --inittab=
    std::optional<InittabStyle> style;  ///< --style=busybox|sysvinit
    std::optional<bool> container;      ///< --container=yes|no
    LevelWords level;
};

/// Reads the words of @p argv from the first on.
BootOptions parse_boot_options(int argc, char** argv) noexcept;

/// Boots from the beginning.
/// @param faults of a PID 1 that did not come far enough to leave anything else, or none
/// @returns the exit code of a container; a machine's PID 1 never returns
int begin(int argc, char** argv, StateMemory memory, const FaultRecord* faults) noexcept;

/// What PID 1 starts with: boots, or goes on where another program was. @returns the exit code of a
/// container; a machine's PID 1 never returns.
int boot(int argc, char** argv) noexcept;

}  // namespace mainstay::init
