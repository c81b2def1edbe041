#include "ctl/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "common/fixed.h"
#include "common/utf8.h"

namespace mainstay::ctl {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t c) noexcept {
    return std::any_of(ranges.begin(), ranges.end(),
                       [c](const Range& range) { return range.first <= c && c <= range.last; });
}

/// What a terminal obeys (C0, DEL, C1), and what hides or reorders text for the eye.
constexpr std::array kHarmful{
    Range{0x00, 0x1f},     Range{0x7f, 0x9f},       Range{0xad, 0xad},     Range{0x61c, 0x61c},
    Range{0x200b, 0x200f}, Range{0x2028, 0x202e},   Range{0x2060, 0x206f}, Range{0xfeff, 0xfeff},
    Range{0xfff0, 0xfffb}, Range{0xe0000, 0xe0fff},
};

/// Unicode's East Asian Wide and Fullwidth blocks, and the emoji, in coarse ranges.
constexpr std::array kWide{
    Range{0x1100, 0x115f},   Range{0x2e80, 0x303e},   Range{0x3041, 0xa4cf},
    Range{0xac00, 0xd7a3},   Range{0xf900, 0xfaff},   Range{0xfe30, 0xfe6f},
    Range{0xff00, 0xff60},   Range{0xffe0, 0xffe6},   Range{0x1f300, 0x1f64f},
    Range{0x1f900, 0x1f9ff}, Range{0x20000, 0x3fffd},
};

constexpr std::array kCombining{
    Range{0x300, 0x36f},   Range{0x1ab0, 0x1aff}, Range{0x1dc0, 0x1dff},
    Range{0x20d0, 0x20ff}, Range{0xfe00, 0xfe0f}, Range{0xfe20, 0xfe2f},
};

std::size_t columns_of(char32_t code) noexcept {
    if (code < 0x300) {
        return 1;
    }
    if (is_in(kCombining, code)) {
        return 0;
    }
    return is_in(kWide, code) ? 2 : 1;
}

void append_escaped(std::string& text, const Utf8Character& character, char byte) {
    FixedString<16> escape;
    if (!character.is_valid() || character.code < 0x80) {
        escape.append_format("\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
    } else {
        escape.append_format("\\u{%x}", static_cast<unsigned>(character.code));
    }
    text.append(escape.view());
}

/// Most text is: it goes as it is, and a table of a thousand services is made of it.
bool is_printable_ascii(std::string_view bytes) noexcept {
    return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace

std::string visible(std::string_view bytes, Charset charset) {
    std::string text;
    if (is_printable_ascii(bytes)) {
        return text.append(bytes);
    }
    text.reserve(bytes.size());
    while (!bytes.empty()) {
        const Utf8Character character = first_character(bytes);
        const bool beyond = charset == Charset::Ascii && character.code >= 0x80;
        if (bytes.front() == '\t') {
            text.push_back(' ');
        } else if (!character.is_valid() || beyond || is_in(kHarmful, character.code)) {
            append_escaped(text, character, bytes.front());
        } else {
            text.append(bytes.substr(0, character.size));
        }
        bytes.remove_prefix(character.size);
    }
    return text;
}

std::size_t columns(std::string_view text) noexcept {
    std::size_t count = 0;
    while (!text.empty()) {
        const Utf8Character character = first_character(text);
        count += columns_of(character.code);
        text.remove_prefix(character.size);
    }
    return count;
}

std::string fit(std::string_view text, std::size_t width, Charset charset) {
    if (width == kNoWidthLimit || columns(text) <= width) {
        return std::string(text);
    }
    std::string result;
    std::size_t used = 1;  // the mark at the end
    while (!text.empty()) {
        const Utf8Character character = first_character(text);
        used += columns_of(character.code);
        if (used > width) {
            break;
        }
        result.append(text.substr(0, character.size));
        text.remove_prefix(character.size);
    }
    return result.append(charset == Charset::Utf8 ? "…" : "~");
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
    std::vector<std::string> lines;
    std::string line;
    while (!text.empty()) {
        const std::size_t blank = width == kNoWidthLimit ? text.npos : text.find(' ');
        const std::string_view word = text.substr(0, blank);
        text.remove_prefix(blank == text.npos ? text.size() : blank + 1);
        if (!line.empty() && columns(line) + 1 + columns(word) > width) {
            lines.push_back(std::exchange(line, {}));
        }
        line.append(line.empty() ? "" : " ").append(word);
    }
    if (!line.empty()) {
        lines.push_back(std::move(line));
    }
    return lines;
}

std::string pad(std::string_view text, std::size_t width) {
    std::string result(text);
    const std::size_t used = columns(text);
    if (used < width) {
        result.append(width - used, ' ');
    }
    return result;
}

std::string size_text(std::uint64_t bytes) {
    constexpr std::array<const char*, 5> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB"};
    if (bytes < 1024) {
        return std::to_string(bytes) + " B";
    }
    std::uint64_t tenths = bytes * 10 / 1024;
    std::size_t unit = 0;
    if (bytes > std::uint64_t{1} << 60U) {
        tenths = bytes / 1024 * 10;
    }
    while (tenths >= std::uint64_t{10} * 1024 && unit + 1 < kUnits.size()) {
        tenths /= 1024;
        ++unit;
    }
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " " + kUnits.at(unit);
}

}  // namespace mainstay::ctl
