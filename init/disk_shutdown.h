/// Takes the disks down: sync, swapoff, unmounting, the root read-only.
/// Every function here may block and runs in a Helper.
#pragma once

#include "init/block_layers.h"
#include "init/log.h"

namespace mainstay::init {

/// sync(2).
void sync_disks() noexcept;

/// swapoff(2) of everything in /proc/swaps.
void swap_off(int proc_fd, Log& log) noexcept;

/// One round: unmounts what is no API file system, newest first; makes read-only what is busy, and
/// in the last round takes out of the tree what is not even that; takes block devices apart;
/// remounts / and the layers below it read-only.
/// @param proc_fd a descriptor of /proc, opened while it was there; borrowed
/// @returns whether nothing is left writable
bool unmount_all(int proc_fd, Round round, Log& log) noexcept;

/// Unmounts /oldroot with all that is below it, after a return to the initramfs.
/// @returns whether it is gone
bool leave_old_root(Log& log) noexcept;

}  // namespace mainstay::init
