#include "supervisor/svlog/stamp.h"

#include <chrono>
#include <cstring>

namespace mainstay::svlog {
namespace {

constexpr std::uint64_t kTaiOffset = (std::uint64_t{1} << 62U) + 10;
constexpr std::string_view kIsoPattern = "0000-00-00T00:00:00.000000Z ";
constexpr std::string_view kDigits = "0123456789abcdef";
/// The year 9999: later ones do not fit the pattern.
constexpr std::int64_t kLastSecond = 253402300799;

/// Writes @p value with leading zeros over @p width characters.
void put(char* at, std::uint64_t value, int width) noexcept {
    for (int i = width - 1; i >= 0; --i) {
        at[i] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
}

void put_hex(char* at, std::uint64_t value, int width) noexcept {
    for (int i = width - 1; i >= 0; --i) {
        at[i] = kDigits[value & 15U];
        value >>= 4U;
    }
}

std::optional<std::uint64_t> read_hex(std::string_view text) noexcept {
    std::uint64_t value = 0;
    for (const char c : text) {
        const std::size_t digit = kDigits.find(c);
        if (digit == std::string_view::npos) {
            return std::nullopt;
        }
        value = value << 4U | digit;
    }
    return value;
}

}  // namespace

std::string_view Stamp::text(WallTime time) noexcept {
    switch (format_) {
        case StampFormat::Iso:
            write_iso(time);
            return {text_.data(), kIsoPattern.size()};
        case StampFormat::Tai64n: {
            const auto digits = tai64n(time);
            std::memcpy(text_.data(), digits.data(), digits.size());
            text_[kTaiSize] = ' ';
            return {text_.data(), kTaiSize + 1};
        }
        case StampFormat::None:
            break;
    }
    return {};
}

void Stamp::write_iso(WallTime time) noexcept {
    if (time.seconds < 0 || time.seconds > kLastSecond) {
        time = {};
    }
    if (written_ != time.seconds) {
        written_ = time.seconds;
        std::memcpy(text_.data(), kIsoPattern.data(), kIsoPattern.size());
        const auto day = std::chrono::floor<std::chrono::days>(
            std::chrono::sys_seconds(std::chrono::seconds(time.seconds)));
        const std::chrono::year_month_day date(day);
        const auto second = static_cast<std::uint64_t>(time.seconds % 86400);
        put(&text_[0], static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
        put(&text_[5], static_cast<unsigned>(date.month()), 2);
        put(&text_[8], static_cast<unsigned>(date.day()), 2);
        put(&text_[11], second / 3600, 2);
        put(&text_[14], second / 60 % 60, 2);
        put(&text_[17], second % 60, 2);
    }
    put(&text_[20], time.nanoseconds / 1000, 6);
}

std::array<char, kTaiSize> tai64n(WallTime time) noexcept {
    std::array<char, kTaiSize> text;
    text[0] = '@';
    put_hex(&text[1], kTaiOffset + static_cast<std::uint64_t>(time.seconds), 16);
    put_hex(&text[17], time.nanoseconds, 8);
    return text;
}

std::optional<WallTime> parse_tai64n(std::string_view text) noexcept {
    if (text.size() != kTaiSize || text.front() != '@') {
        return std::nullopt;
    }
    const auto seconds = read_hex(text.substr(1, 16));
    const auto nanoseconds = read_hex(text.substr(17));
    if (!seconds || !nanoseconds || *nanoseconds > 999'999'999 || *seconds < kTaiOffset ||
        *seconds - kTaiOffset > static_cast<std::uint64_t>(kLastSecond)) {
        return std::nullopt;
    }
    return WallTime{static_cast<std::int64_t>(*seconds - kTaiOffset),
                    static_cast<std::uint32_t>(*nanoseconds)};
}

}  // namespace mainstay::svlog
