/// Starts the process of one inittab entry: a session of its own, its terminal, its command.
#pragma once

#include <sys/types.h>

#include "common/fixed.h"
#include "common/result.h"
#include "init/child.h"
#include "init/extra_variables.h"
#include "init/inittab.h"
#include "init/inittab_plan.h"
#include "init/log.h"
#include "init/pid1_state.h"

namespace mainstay::init {

/// What every entry's process needs to know of the system.
struct EntryContext {
    Log& log;
    const BirthLimits& limits;
    InittabStyle style = InittabStyle::Busybox;
    bool inherit_stdio = false;  ///< a container: entries without a terminal use PID 1's own stdio
    const Runlevel& level;
    const ExtraVariables& variables;
};

/// Forks and executes @p entry. What fails in the child is logged by the child with the entry's
/// line; it then exits with 127 (not found), 126 (not executable) or 1 (no terminal).
/// @param link_fd the supervisor's end of the boot link, -1 for any other entry; borrowed
/// @param born where the kernel is to write the child's pid at its birth
/// @returns the child's pid
Result<pid_t> start_entry(const Entry& entry, const EntryContext& context, int link_fd,
                          pid_t* born) noexcept;

/// Whether @p entry is somebody's place at a terminal: a getty, a login shell, one that waits for a
/// key.
bool takes_terminal(const Entry& entry, InittabStyle style) noexcept;

/// Executes the command of a restart entry in the place of PID 1. Returns only on failure.
void exec_in_place(const Entry& entry, InittabStyle style, Log& log) noexcept;

/// "inittab:12", "inittab.d/web.tab:3", or "default entry" for one that stands in no file.
FixedString<96> place_of(const Entry& entry) noexcept;

}  // namespace mainstay::init
