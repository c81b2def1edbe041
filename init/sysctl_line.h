/// PURE. One line of sysctl.conf(5).
#pragma once

#include <cstdint>
#include <string_view>

#include "common/fixed.h"

namespace mainstay::init {

struct SysctlLine {
    enum class Kind : std::uint8_t { Setting, Empty, Wrong };

    Kind kind = Kind::Empty;
    FixedString<256> path;          ///< below /proc/sys, "net/ipv4/ip_forward"
    std::string_view value;         ///< points into the line
    bool may_fail = false;          ///< "-" before the name
    const char* problem = nullptr;  ///< of a wrong one, a literal
};

SysctlLine parse_sysctl_line(std::string_view line) noexcept;

}  // namespace mainstay::init
