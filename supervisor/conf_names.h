/// PURE. Names that service.conf takes from the kernel, with the kernel's numbers. A table of our
/// own, so that reading a file needs no library; a test compares it with libcap and the headers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace mainstay::supervisor {

/// "cap_net_admin" in any case, as libcap names it. @returns its number (linux/capability.h, as of
/// Linux 5.9: 0 to 40).
std::optional<unsigned> capability_by_name(std::string_view name) noexcept;

/// All names, each at the index that is its number.
std::span<const std::string_view> capability_names() noexcept;

/// "noroot", "noroot-locked" and so on. @returns its bit (linux/securebits.h).
std::optional<std::uint32_t> securebit_by_name(std::string_view name) noexcept;

std::span<const std::string_view> securebit_names() noexcept;

enum class LimitUnit : std::uint8_t { Bytes, Number };

struct LimitInfo {
    std::string_view name;  ///< what stands behind "limit-"
    int resource;           ///< RLIMIT_*, the numbers of asm-generic/resource.h
    LimitUnit unit;
};

/// In the order of their names.
std::span<const LimitInfo> limit_infos() noexcept;

}  // namespace mainstay::supervisor
