/// PURE. The command line of `supervisor --check`, which is a program of its own in all but name.
#pragma once

#include <span>
#include <string_view>

#include "supervisor/options.h"

namespace mainstay::supervisor {

/// Whether --check is among the options.
bool asks_for_check(std::span<const std::string_view> arguments) noexcept;

Invocation parse_check(std::span<const std::string_view> arguments);

}  // namespace mainstay::supervisor
