/// Names the processes that hold a shutdown up: pid, command, and how many more there are.
#pragma once

#include "init/log.h"

namespace mainstay::init {

/// Logs up to ten processes of user space, other than PID 1, that have not ended.
/// @param proc_fd a descriptor of /proc, opened while it was there; borrowed
/// @param what what they hold up, such as "still there after TERM"
void name_holdouts(int proc_fd, const char* what, Log& log) noexcept;

}  // namespace mainstay::init
