/// Whether a process still lives.
#pragma once

#include <sys/types.h>

namespace mainstay::supervisor {

/// A process that ended lives no more, though nobody may have reaped it yet (pidfd_open(2), Linux
/// 5.3). Of one that cannot be looked at, true.
bool is_alive(pid_t pid) noexcept;

}  // namespace mainstay::supervisor
