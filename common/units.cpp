#include "common/units.h"

#include <array>
#include <charconv>
#include <limits>

namespace mainstay {
namespace {

using std::chrono::duration_cast;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

struct DurationUnit {
    std::string_view name;
    Duration length;
};

constexpr std::array kDurationUnits{
    DurationUnit{"", seconds(1)},  DurationUnit{"ms", milliseconds(1)},
    DurationUnit{"s", seconds(1)}, DurationUnit{"min", minutes(1)},
    DurationUnit{"h", hours(1)},
};

std::string_view trim_left(std::string_view text) noexcept {
    while (!text.empty() && text.front() == ' ') {
        text.remove_prefix(1);
    }
    return text;
}

/// The digits after a decimal point as billionths; digits beyond the ninth change nothing.
std::uint64_t take_fraction(std::string_view& text) noexcept {
    std::uint64_t billionths = 0;
    std::uint64_t place = 100'000'000;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        billionths += place * static_cast<std::uint64_t>(text.front() - '0');
        place /= 10;
        text.remove_prefix(1);
    }
    return billionths;
}

std::optional<std::uint64_t> take_number(std::string_view& text) noexcept {
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc()) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) noexcept {
    if (text == "infinity") {
        return kForever;
    }
    const auto whole = take_number(text);
    if (!whole) {
        return std::nullopt;
    }
    std::uint64_t billionths = 0;
    if (!text.empty() && text.front() == '.') {
        text.remove_prefix(1);
        billionths = take_fraction(text);
    }
    text = trim_left(text);
    for (const DurationUnit& unit : kDurationUnits) {
        if (unit.name != text) {
            continue;
        }
        if (*whole > static_cast<std::uint64_t>(kForever / unit.length)) {
            return std::nullopt;
        }
        const Duration fraction(unit.length.count() / 1000 * static_cast<std::int64_t>(billionths) /
                                1'000'000);
        return static_cast<std::int64_t>(*whole) * unit.length + fraction;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
    constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
    if (text == "infinity") {
        return kMax;
    }
    const auto number = take_number(text);
    if (!number) {
        return std::nullopt;
    }
    unsigned shift = 0;
    if (text == "K") {
        shift = 10;
    } else if (text == "M") {
        shift = 20;
    } else if (text == "G") {
        shift = 30;
    } else if (!text.empty()) {
        return std::nullopt;
    }
    if (*number > kMax >> shift) {
        return std::nullopt;
    }
    return *number << shift;
}

FixedString<48> counted(std::uint64_t number, std::string_view word) noexcept {
    FixedString<48> text;
    text.append_format("%llu %.*s%s", static_cast<unsigned long long>(number),
                       static_cast<int>(word.size()), word.data(), number == 1 ? "" : "s");
    return text;
}

FixedString<24> to_short_text(Duration age) noexcept {
    const long long total = age < Duration::zero() ? 0 : duration_cast<seconds>(age).count();
    const long long days = total / 86400;
    const long long in_hours = total / 3600;
    const long long in_minutes = total / 60;
    FixedString<24> text;
    if (days > 0) {
        text.append_format("%lld d %lld h", days, in_hours % 24);
    } else if (in_hours > 0) {
        text.append_format("%lld h %lld m", in_hours, in_minutes % 60);
    } else if (in_minutes > 0) {
        text.append_format("%lld m", in_minutes);
    } else {
        text.append_format("%lld s", total);
    }
    return text;
}

}  // namespace mainstay
