/// PURE. One line of tmpfiles.d(5), of the types that make sense once at boot:
///
///     d D     a directory; D empties one that is there
///     f F     a file with the argument as its content; F also where there is one
///     w       the argument is written to a file that is there
///     L L+    a symbolic link to the argument; L+ in place of what is there
///     p c b   a fifo, a device (argument MAJOR:MINOR)
///     r R     remove; R with what is below
///     z Z m   mode and owner of what is there; Z with what is below
///
/// `!` after the type means the same here, as this runs at boot only; `-` forgives a failure. The
/// age is read and not used: nobody cleans up later.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/fixed.h"

namespace mainstay::init {

struct TmpfilesLine {
    enum class Kind : std::uint8_t { Action, Empty, Wrong };

    Kind kind = Kind::Empty;
    char type = 0;
    bool replaces = false;  ///< "+"
    bool may_fail = false;  ///< "-"
    FixedString<256> path;
    std::optional<std::uint32_t> mode;
    FixedString<64> user;   ///< empty: as it comes
    FixedString<64> group;  ///< empty: as it comes
    FixedString<512> argument;
    std::uint32_t major = 0;  ///< of a device
    std::uint32_t minor = 0;
    const char* problem = nullptr;  ///< of a wrong one, a literal
};

TmpfilesLine parse_tmpfiles_line(std::string_view line) noexcept;

}  // namespace mainstay::init
