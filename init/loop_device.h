/// Makes a file a block device. Used in forked children: it may wait for the file's disk.
#pragma once

#include "common/fixed.h"
#include "common/result.h"
#include "common/unique_fd.h"

namespace mainstay::init {

struct LoopDevice {
    FixedString<32> path;  ///< "/dev/loop0"
    UniqueFd fd;           ///< keeps the file attached until it is mounted
};

/// Attaches the file at @p path, read-only, to a free loop device, which detaches itself when its
/// last user is gone: the descriptor, then the mount.
Result<LoopDevice> attach_loop(const char* path) noexcept;

}  // namespace mainstay::init
