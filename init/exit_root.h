/// The way back into the initramfs at the end: where /run/initramfs has a program called shutdown,
/// it becomes PID 1 with /run/initramfs as its root and the old root below /oldroot, which it can
/// then unmount whole. dracut's images put theirs there; for a root of layers ours puts itself
/// there.
#pragma once

#include "common/result.h"
#include "init/log.h"
#include "init/pid1_state.h"

namespace mainstay::init {

/// Keeps this program for the end. Where that fails the shutdown does what it can without.
void keep_program_for_exit(Log& log) noexcept;

/// Whether there is something to return to.
bool has_exit_root() noexcept;

/// Executes it. Returns after saying what failed.
void return_to_initramfs(Request request, Log& log) noexcept;

/// That program, where it is ours: unmounts /oldroot, takes block devices apart and ends the
/// machine.
/// @param verb "reboot", "poweroff", "halt", "kexec"
int exit_root_main(const char* verb) noexcept;

}  // namespace mainstay::init
