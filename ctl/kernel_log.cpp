#include "ctl/kernel_log.h"

#include <charconv>
#include <cstdint>

#include "common/fixed.h"

namespace mainstay::ctl {
namespace {

constexpr std::string_view kPrefix = "init: ";

/// The part of "level,sequence,microseconds,flags" with that number.
std::string_view part(std::string_view head, int number) noexcept {
    for (; number > 0; --number) {
        const std::size_t comma = head.find(',');
        if (comma == std::string_view::npos) {
            return {};
        }
        head.remove_prefix(comma + 1);
    }
    return head.substr(0, head.find(','));
}

}  // namespace

std::optional<std::string> init_message(std::string_view record) {
    const std::size_t semicolon = record.find(';');
    if (semicolon == std::string_view::npos) {
        return std::nullopt;
    }
    std::string_view text = record.substr(semicolon + 1);
    text = text.substr(0, text.find('\n'));  // what follows are the kernel's own additions
    if (!text.starts_with(kPrefix)) {
        return std::nullopt;
    }
    constexpr int kTime = 2;
    const std::string_view time = part(record.substr(0, semicolon), kTime);
    std::uint64_t microseconds = 0;
    std::from_chars(time.data(), time.data() + time.size(), microseconds);
    constexpr std::uint64_t kSecond = 1'000'000;
    FixedString<32> stamp;
    stamp.append_format("[%5llu.%06llu] ", static_cast<unsigned long long>(microseconds / kSecond),
                        static_cast<unsigned long long>(microseconds % kSecond));
    return std::string(stamp.view()).append(text.substr(kPrefix.size()));
}

}  // namespace mainstay::ctl
