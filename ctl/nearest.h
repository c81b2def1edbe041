/// PURE. What somebody who mistyped a word most likely meant.
#pragma once

#include <string_view>
#include <vector>

namespace mainstay::ctl {

/// @returns the word that fewest keystrokes turn @p word into (a letter too many, too few, wrong,
/// or swapped with its neighbour), the first of equals; empty when even that is more than a third
/// of the letters, rounded up.
std::string_view nearest_word(std::string_view word, const std::vector<std::string_view>& words);

}  // namespace mainstay::ctl
