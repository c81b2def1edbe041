#include "supervisor/svlog/file_names.h"

#include <array>
#include <cstdint>

namespace mainstay::svlog {
namespace {

/// NAME_MAX is 255.
constexpr std::size_t kLongestName = 240;
constexpr std::string_view kRotatedSuffix = ".s";

bool is_plain(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("@._+:-").find(c) != std::string_view::npos;
}

void append_hex(std::string& text, std::uint64_t value, int digits) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    for (int i = digits - 1; i >= 0; --i) {
        text += kDigits[value >> (4U * static_cast<unsigned>(i)) & 15U];
    }
}

/// FNV-1a: names that only an adversary makes alike, who has two services of the same length then.
std::uint64_t hash_of(std::string_view text) noexcept {
    std::uint64_t hash = 14695981039346656037U;
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    }
    return hash;
}

}  // namespace

std::string directory_name(std::string_view service) {
    std::string name;
    for (const char c : service) {
        const bool is_special_in_front = name.empty() && (c == '.' || c == '@');
        if (is_plain(c) && !is_special_in_front) {
            name += c;
        } else {
            name += '%';
            append_hex(name, static_cast<unsigned char>(c), 2);
        }
    }
    if (name.empty()) {
        return "%";
    }
    if (name.size() > kLongestName) {
        constexpr std::size_t kHashDigits = 16;
        name.resize(kLongestName - kHashDigits - 2);
        name += "%%";
        append_hex(name, hash_of(service), kHashDigits);
    }
    return name;
}

std::string rotated_name(WallTime time) {
    const auto stamp = tai64n(time);
    return std::string(stamp.data(), stamp.size()).append(kRotatedSuffix);
}

std::optional<WallTime> parse_rotated_name(std::string_view name) noexcept {
    if (name.size() != kTaiSize + kRotatedSuffix.size() ||
        name.substr(kTaiSize) != kRotatedSuffix) {
        return std::nullopt;
    }
    return parse_tai64n(name.substr(0, kTaiSize));
}

}  // namespace mainstay::svlog
