#include "common/boot_times.h"

#include <charconv>

namespace mainstay {
namespace {

constexpr std::array<std::string_view, kBootMomentCount> kNames{"initramfs", "root",    "switch",
                                                                "init",      "entries", "complete"};

/// "2.600": whole numbers only, as the library's reader of floats is a large one.
std::optional<std::chrono::milliseconds> parse_seconds(std::string_view text) noexcept {
    const char* const last = text.data() + text.size();
    std::uint32_t whole = 0;
    std::uint32_t milli = 0;
    const auto first = std::from_chars(text.data(), last, whole);
    if (first.ec != std::errc() || first.ptr == last || *first.ptr != '.') {
        return std::nullopt;
    }
    const auto second = std::from_chars(first.ptr + 1, last, milli);
    if (second.ec != std::errc() || second.ptr != last || second.ptr - first.ptr != 4) {
        return std::nullopt;
    }
    return std::chrono::milliseconds(std::int64_t{whole} * 1000 + milli);
}

}  // namespace

std::string_view to_string(BootMoment moment) noexcept {
    return kNames[static_cast<std::size_t>(moment)];
}

FixedString<64> boot_time_line(BootMoment moment, double seconds) noexcept {
    const std::string_view name = to_string(moment);
    FixedString<64> line(name);
    line.append_format(" %.3f\n", seconds);
    return line;
}

BootTimes parse_boot_times(std::string_view text) noexcept {
    BootTimes times;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
        const std::size_t blank = line.find(' ');
        for (std::size_t i = 0; blank != std::string_view::npos && i < kNames.size(); ++i) {
            if (line.substr(0, blank) == kNames[i]) {
                times[i] = parse_seconds(line.substr(blank + 1));
            }
        }
    }
    return times;
}

}  // namespace mainstay
