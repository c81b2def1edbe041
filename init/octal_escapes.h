/// PURE. Blanks, newlines and backslashes in paths, as the kernel writes them in /proc and people
/// in fstab: three octal digits after a backslash.
#pragma once

#include <string_view>

#include "common/fixed.h"

namespace mainstay::init {

inline bool is_octal(char c) noexcept {
    return c >= '0' && c <= '7';
}

template <std::size_t N>
void append_unescaped(FixedString<N>& target, std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) &&
            is_octal(text[i + 2]) && is_octal(text[i + 3])) {
            const int value =
                (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
            const char c = static_cast<char>(value);
            target.append({&c, 1});
            i += 3;
        } else {
            target.append(text.substr(i, 1));
        }
    }
}

}  // namespace mainstay::init
