/// Takes the disks down: sync, swapoff, unmounting, detaching loop devices, the root read-only.
/// Every function here may block and runs in a Helper.
#pragma once

#include "init/log.h"

namespace mainstay::init {

/// sync(2).
void sync_disks() noexcept;

/// swapoff(2) of everything in /proc/swaps.
void swap_off(int proc_fd, Log& log) noexcept;

/// One round: unmounts what is no API file system, newest first; makes read-only what is busy;
/// detaches loop devices; remounts / read-only.
/// @param proc_fd a descriptor of /proc, opened while it was there; borrowed
/// @returns whether nothing is left writable
bool unmount_all(int proc_fd, Log& log) noexcept;

}  // namespace mainstay::init
