/// reboot(2) and what is around it.
#pragma once

#include "init/child.h"
#include "init/log.h"
#include "init/pid1_state.h"

namespace mainstay::init {

/// Makes ctrl-alt-del send INT to PID 1 instead of resetting the machine. Fails in containers,
/// quietly.
void take_over_ctrl_alt_del() noexcept;

/// Ends the machine or the container as @p request says: reboot(2) in a child, because the call
/// that halts ends its caller, and a PID 1 that ends is a kernel panic. A kexec without a loaded
/// kernel says so and becomes a reboot.
/// @returns only where reboot(2) is refused (a container without CAP_SYS_BOOT), with its errno
int end_machine(Request request, const BirthLimits& limits, Log& log) noexcept;

/// The reboot(2) command for a request.
int reboot_command(Request request) noexcept;

/// sync(2) in a child that is not waited for, half a second, and a reset: what is left to do for
/// somebody who presses ctrl-alt-del seven times.
void reset_now(const BirthLimits& limits) noexcept;

}  // namespace mainstay::init
