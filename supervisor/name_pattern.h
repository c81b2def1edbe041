/// PURE. Names of services and the patterns that select them.
#pragma once

#include <string_view>

namespace mainstay::supervisor {

/// Whether an entry of the scanned directory is a service: no leading dot, 1 to 127 bytes, no
/// control characters. (A `/` cannot be in an entry's name.)
bool is_service_name(std::string_view name) noexcept;

/// Of an entry that is no service although it is not hidden: what is wrong with its name. Empty:
/// nothing is.
std::string_view fault_of_name(std::string_view name) noexcept;

/// Whether @p text is a pattern rather than a name: has one of `*?[`.
bool is_pattern(std::string_view text) noexcept;

/// `*` any bytes, `?` one byte, `[abc]`, `[a-z]`, `[!a]`; a `[` that is never closed is itself.
/// Takes time proportional to pattern × name at worst.
bool matches_pattern(std::string_view pattern, std::string_view name) noexcept;

}  // namespace mainstay::supervisor
