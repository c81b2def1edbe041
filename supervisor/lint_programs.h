/// PURE. The part of the lint that looks at programs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "supervisor/lint.h"

namespace mainstay::supervisor {

/// The interpreter that the first line of a script names; empty where it is no script.
std::string_view interpreter_in(std::string_view head) noexcept;

/// @returns why the kernel would not execute it; nothing where it would.
std::optional<std::string> fault_of(const ProgramFacts& facts);

}  // namespace mainstay::supervisor
