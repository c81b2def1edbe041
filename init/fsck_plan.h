/// PURE. How a file system is checked before it is mounted, and what the exit code of fsck(8) means
/// for the boot.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/exit_status.h"
#include "common/fixed.h"

namespace mainstay::init {

enum class FsckMode : std::uint8_t { Auto, Skip, Force };      ///< fsck.mode=
enum class FsckRepair : std::uint8_t { Preen, All, Nothing };  ///< fsck.repair=preen|yes|no

struct FsckPolicy {
    FsckMode mode = FsckMode::Auto;
    FsckRepair repair = FsckRepair::Preen;

    friend bool operator==(const FsckPolicy&, const FsckPolicy&) noexcept = default;
};

/// The options for the checker of @p type, in its own words; the device comes after them.
FixedVector<const char*, 4> fsck_options(std::string_view type, const FsckPolicy& policy) noexcept;

enum class FsckVerdict : std::uint8_t {
    Sound,    ///< nothing was wrong
    Mended,   ///< errors were corrected
    Reboot,   ///< corrected, but what is mounted of it is not what is on the disk now
    Damaged,  ///< errors are left: not to be mounted
    Unknown,  ///< the check itself failed; the file system may be sound
};

FsckVerdict judge_fsck(const ExitStatus& status) noexcept;

}  // namespace mainstay::init
