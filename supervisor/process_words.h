/// PURE. Words about programs: what a script's first line says, what a limit is called.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mainstay::supervisor {

/// The interpreter of a script by its first bytes, as execve(2) reads it.
/// @returns nothing where there is no `#!`
std::optional<std::string> interpreter_of(std::string_view first_bytes);

/// "nofile" for RLIMIT_NOFILE; "?" for what is none.
std::string_view limit_name(int resource) noexcept;

}  // namespace mainstay::supervisor
