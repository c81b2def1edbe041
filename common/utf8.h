/// PURE. Reading UTF-8 from bytes that may be anything.
#pragma once

#include <cstddef>
#include <string_view>

namespace mainstay {

struct Utf8Character {
    static constexpr char32_t kInvalid = 0xffffffff;

    char32_t code;     ///< kInvalid: the byte is no part of UTF-8
    std::size_t size;  ///< bytes, at least 1

    bool is_valid() const noexcept { return code != kInvalid; }
};

/// The first character of @p text, which must not be empty. As RFC 3629 has it: shortest form only,
/// no surrogates, nothing above U+10FFFF; an invalid byte counts for itself.
Utf8Character first_character(std::string_view text) noexcept;

}  // namespace mainstay
