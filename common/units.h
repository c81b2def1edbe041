/// PURE. Durations, sizes and counts as people write them, in configuration, on command lines and
/// in messages.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/clock.h"
#include "common/fixed.h"

namespace mainstay {

/// `infinity` in configuration: far beyond any uptime, yet safe to add to a point in time.
inline constexpr Duration kForever = std::chrono::hours(24 * 365 * 100);

/// A number is seconds, or has one of the units ms s min h; `infinity`. Fractions are allowed
/// ("1.5s").
/// @returns nothing for a negative, overflowing or misspelt one.
std::optional<Duration> parse_duration(std::string_view text) noexcept;

/// A number of bytes; K M G are powers of 1024; `infinity` is the largest number.
std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;

/// "1 error", "2 errors", "0 errors": for words that take an s.
FixedString<48> counted(std::uint64_t number, std::string_view word) noexcept;

/// A short age of at most two units for tables: "12 s", "3 m", "2 d 3 h".
FixedString<24> to_short_text(Duration age) noexcept;

}  // namespace mainstay
