/// The file systems every other part takes for granted: proc, sys, dev, dev/pts, dev/shm, run and
/// cgroup2. Only what is not mounted yet is mounted; none of them can block. What the kernel does
/// not have is replaced where it can be: a ramfs for a tmpfs, nodes of our own for devtmpfs.
/// Failures are collected rather than logged, because the log itself needs /dev.
#pragma once

#include <cstdint>

#include "common/fixed.h"

namespace mainstay::init {

struct MountFailure {
    const char* target = nullptr;   ///< such as "/dev/pts"
    const char* action = nullptr;   ///< "mkdir", "mount", "mknod", "symlink", "reading"
    int code = 0;                   ///< errno
    const char* without = nullptr;  ///< what comes of it, where that is known
};
using MountFailures = FixedVector<MountFailure, 16>;

/// Mounts /proc alone: the command line, which may forbid the rest, is read from it.
void mount_proc(MountFailures& failures) noexcept;

/// Mounts the others and makes the links in /dev.
void mount_early(MountFailures& failures) noexcept;

/// Whether @p path is the root of a mount.
bool is_mount_point(const char* path) noexcept;

}  // namespace mainstay::init
