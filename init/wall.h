/// Tells something to everybody who is logged in, on their terminals, as wall(1) does: for the
/// warnings of `shutdown`.
#pragma once

#include <string_view>

namespace mainstay::init {

/// Writes @p text, with a line above that says where it comes from, to each terminal that utmp
/// names and to the caller's own, once to each. What a terminal does not take at once it does not
/// get. Waits for 2 s at most: a child does it, and goes on alone where it takes longer.
void tell_everybody(std::string_view text) noexcept;

}  // namespace mainstay::init
