/// Finds the block device that `root=` means. Reads superblocks and partition tables, which may
/// come from anybody and lie on slow disks: only in a forked child.
#pragma once

#include <optional>

#include "common/fixed.h"
#include "init/cmdline.h"

namespace mainstay::init {

struct FoundDevice {
    FixedString<256> path;   ///< "/dev/vda1"
    FixedString<32> type;    ///< file system by its superblock, may be empty
    FixedString<256> other;  ///< a second device that answers to the same description, if any
};

/// Looks once at the devices that are there now. Of several that answer the first by name wins, so
/// that it is the same at each boot.
std::optional<FoundDevice> find_root_device(const RootSpec& spec) noexcept;

/// The file system in a file or on a device, by its superblock; empty where none is known.
FixedString<32> file_system_type(const char* path) noexcept;

/// `root=` as the user wrote it, for messages: "UUID=…".
FixedString<300> to_text(const RootSpec& spec) noexcept;

}  // namespace mainstay::init
