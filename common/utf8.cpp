#include "common/utf8.h"

namespace mainstay {
namespace {

constexpr Utf8Character kInvalidByte{Utf8Character::kInvalid, 1};

/// The bits of a byte that continues a character, or kInvalid where it is none.
constexpr char32_t continuation_bits(char byte) noexcept {
    const auto bits = static_cast<unsigned char>(byte);
    return (bits & 0xc0U) == 0x80U ? bits & 0x3fU : Utf8Character::kInvalid;
}

/// How many bytes a character has that begins with @p lead, which is not ASCII.
constexpr std::size_t size_by_lead(unsigned char lead) noexcept {
    if (lead >= 0xf0) {
        return 4;
    }
    return lead >= 0xe0 ? 3 : 2;
}

}  // namespace

Utf8Character first_character(std::string_view text) noexcept {
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80) {
        return {lead, 1};
    }
    const std::size_t size = size_by_lead(lead);
    if (lead < 0xc2 || lead > 0xf4 || text.size() < size) {
        return kInvalidByte;
    }
    char32_t code = lead & (0xffU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        const char32_t bits = continuation_bits(text[i]);
        if (bits == Utf8Character::kInvalid) {
            return kInvalidByte;
        }
        code = code << 6U | bits;
    }
    const bool is_overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
    const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
    if (is_overlong || is_surrogate || code > 0x10ffff) {
        return kInvalidByte;
    }
    return {code, size};
}

}  // namespace mainstay
