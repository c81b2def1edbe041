/// PURE. A container's UUID as the machine's id, machine-id(5).
#pragma once

#include <string_view>

#include "common/fixed.h"

namespace mainstay::init {

/// @param uuid with or without dashes, in either case, a newline at its end
/// @returns 32 small hexadecimal digits; empty where it is no UUID, or the one that is all zeroes
FixedString<40> machine_id_of(std::string_view uuid) noexcept;

}  // namespace mainstay::init
