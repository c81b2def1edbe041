/// Finds the block device that `root=` means. Reads superblocks and partition tables, which may
/// come from anybody and lie on slow disks: only in a forked child.
#pragma once

#include <optional>

#include "common/fixed.h"
#include "init/cmdline.h"

namespace mainstay::init {

struct FoundDevice {
    FixedString<256> path;  ///< "/dev/vda1"
    FixedString<32> type;   ///< file system by its superblock, may be empty
    unsigned matches = 1;   ///< devices that answer to the description; the first one wins
};

/// Looks once at the devices that are there now.
std::optional<FoundDevice> find_root_device(const RootSpec& spec) noexcept;

/// `root=` as the user wrote it, for messages: "UUID=…".
FixedString<300> to_text(const RootSpec& spec) noexcept;

}  // namespace mainstay::init
