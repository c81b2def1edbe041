/// PID 1 from its first instruction to the running system.
#pragma once

#include <optional>

#include "common/paths.h"
#include "init/inittab.h"

namespace mainstay::init {

/// What may be said to PID 1 on its command line. Words it does not know belong to others.
struct BootOptions {
    const char* inittab = kInittab;     ///< --inittab=
    std::optional<InittabStyle> style;  ///< --style=busybox|sysvinit
    std::optional<bool> container;      ///< --container=yes|no
    bool single_user = false;           ///< single S s 1 -b emergency rescue
};

/// Reads the words of @p argv from the first on.
BootOptions parse_boot_options(int argc, char** argv) noexcept;

/// Boots. @returns the exit code of a container; a machine's PID 1 never returns.
int boot(int argc, char** argv) noexcept;

}  // namespace mainstay::init
