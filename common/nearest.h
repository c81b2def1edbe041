/// PURE. "Did you mean …?": the known word nearest to a misspelt one.
#pragma once

#include <span>
#include <string_view>

namespace mainstay {

/// @returns the word of @p known that differs from @p word by the fewest insertions, deletions,
/// replacements and swaps of neighbours, at most a third of its length, rounded up, and at most 3
/// of them; empty when none is that near. Words of more than 32 bytes are near to nothing.
std::string_view nearest_word(std::string_view word,
                              std::span<const std::string_view> known) noexcept;

}  // namespace mainstay
