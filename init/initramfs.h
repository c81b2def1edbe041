/// PID 1 as /init of an initramfs: watches over the search for the root file system, gives a person
/// a shell when it fails, and switches over when it succeeds.
#pragma once

#include "init/child.h"
#include "init/cmdline.h"
#include "init/log.h"

namespace mainstay::init {

/// Does not return: ends in the exec of the new init, or in reboot(2).
/// @param argv of this process, handed on to the new init
[[noreturn]] void run_initramfs(const Cmdline& cmdline, char** argv, Log& log,
                                const BirthLimits& limits) noexcept;

}  // namespace mainstay::init
