/// PURE. Reads /etc/fstab, fstab(5), line by line.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/fixed.h"

namespace mainstay::init {

struct FstabEntry {
    FixedString<256> source;    ///< "UUID=…", "/dev/vda2", "tmpfs"; escapes undone
    FixedString<256> target;    ///< "/var", "none" for swap; escapes undone, no slash at its end
    FixedString<32> type;       ///< "ext4", "auto", "swap"
    FixedString<1024> options;  ///< as written; "defaults" where the field is missing
    std::uint32_t pass = 0;     ///< order of fsck; 0: none

    bool is_swap() const noexcept { return type == "swap"; }
};

struct FstabLine {
    enum class Kind : std::uint8_t { Entry, Empty, Wrong };

    Kind kind = Kind::Empty;
    FstabEntry entry;
    const char* problem = nullptr;  ///< of a wrong one, a literal
};

/// @param line without its newline
FstabLine parse_fstab_line(std::string_view line) noexcept;

/// Calls @p take with the number of each line and what is on it.
template <typename Take>
void for_each_fstab_line(std::string_view text, Take&& take) noexcept {
    for (std::uint32_t number = 1; !text.empty(); ++number) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
        take(number, parse_fstab_line(line));
    }
}

}  // namespace mainstay::init
