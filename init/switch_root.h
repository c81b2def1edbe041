/// Hands the machine over to the init on the real root: moves the mounts, makes the new root /,
/// frees the initramfs and executes.
///
/// Nothing is deleted before the new init runs: a child waits until the exec has happened and
/// deletes the old root then. So an init that cannot be executed leaves everything as it was
/// (docs/decisions/0003-delete-initramfs-after-exec.md).
#pragma once

#include "common/fixed.h"
#include "init/child.h"
#include "init/log.h"

namespace mainstay::init {

/// Returns only on failure, with the old root in place again and all its mounts.
/// @param argv of this process; its words after the first are handed on
FixedString<400> switch_root(const char* init_path, char** argv, Log& log,
                             const BirthLimits& limits) noexcept;

}  // namespace mainstay::init
