/// PURE. Names of terminals below /dev that come from outside.
#pragma once

#include <string_view>

namespace mainstay::init {

/// Whether @p name, without /dev/, can be that of a terminal: it leads nowhere else, and has no
/// other characters than names of devices have.
bool is_terminal_name(std::string_view name) noexcept;

/// @p name without a leading /dev/.
std::string_view without_dev(std::string_view name) noexcept;

}  // namespace mainstay::init
