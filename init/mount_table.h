/// PURE. Reads /proc/self/mountinfo (proc(5)), and tells what needs no unmounting at shutdown.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/fixed.h"

namespace mainstay::init {

inline constexpr std::size_t kMaxPath = 4096;

struct MountLine {
    std::uint32_t id = 0;
    FixedString<kMaxPath> mount_point;  ///< octal escapes undone
    std::string_view type;              ///< "ext4"; points into the line
    std::string_view source;            ///< "/dev/vda1"; escapes left in
};

/// @returns nothing for a line that is not of mountinfo's form.
std::optional<MountLine> parse_mount_line(std::string_view line) noexcept;

/// Kernel interfaces and memory that need no unmounting: nothing is lost when they just end.
bool is_api_file_system(std::string_view type) noexcept;

}  // namespace mainstay::init
