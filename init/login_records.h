/// Writes utmp and wtmp where these files are. Both may lie on a disk, and others hold locks on
/// them: PID 1 itself only writes what is in memory and free, a child of its does the rest.
#pragma once

#include "init/child.h"
#include "init/utmp_record.h"

namespace mainstay::init {

inline constexpr char kUtmp[] = "/var/run/utmp";
inline constexpr char kWtmp[] = "/var/log/wtmp";

/// Empties utmp, or makes it: nobody is logged in when the system boots. Never blocks.
void begin_utmp() noexcept;

/// In both files, from PID 1: never blocks. What fails is not told: there may be no such files.
/// @param after the child that writes the record before this one, or 0
/// @returns the child that writes this one, or 0
pid_t record_login(const LoginEvent& event, pid_t after, const BirthLimits& limits) noexcept;

/// In both files, from a child that may wait.
void record_login_here(const LoginEvent& event) noexcept;

/// In wtmp alone. May block.
void record_in_wtmp(const LoginEvent& event) noexcept;

/// `runlevel [UTMP]`: prints the level before and the current one. @returns the exit code
int runlevel_main(int argc, char** argv) noexcept;

}  // namespace mainstay::init
