/// Runs the checker of a file system, fsck.TYPE, with the console as its output, and waits for it,
/// however long it takes. Only in a forked child.
#pragma once

#include <optional>
#include <string_view>

#include "init/fsck_plan.h"
#include "init/log.h"

namespace mainstay::init {

/// Where fsck.TYPE is; empty where there is none, and so nothing to be done.
FixedString<64> find_fsck(std::string_view type) noexcept;

/// Runs @p program over @p device and says in the log what came of it.
FsckVerdict run_fsck(const char* program, const char* device, std::string_view type,
                     const FsckPolicy& policy, Log& log) noexcept;

}  // namespace mainstay::init
