#include "supervisor/service_files.h"

#include <algorithm>
#include <charconv>

#include "common/signals.h"
#include "common/units.h"

namespace mainstay::supervisor {
namespace {

constexpr int kLeastDescriptor = 3;
constexpr int kMostDescriptor = 1023;

std::string_view without_end(std::string_view text) noexcept {
    return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

std::optional<std::uint32_t> number_in(std::string_view text) noexcept {
    text = without_end(text);
    std::uint32_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_whole = failure == std::errc() && end == text.data() + text.size();
    return is_whole ? std::optional<std::uint32_t>(number) : std::nullopt;
}

}  // namespace

std::optional<Duration> parse_timeout_file(std::string_view text) noexcept {
    const auto number = number_in(text);
    if (!number) {
        return std::nullopt;
    }
    return *number == 0 ? kForever : Duration(std::chrono::milliseconds(*number));
}

std::optional<int> parse_notification_file(std::string_view text) noexcept {
    const auto number = number_in(text);
    if (!number || *number < kLeastDescriptor || *number > kMostDescriptor) {
        return std::nullopt;
    }
    return static_cast<int>(*number);
}

std::optional<int> parse_signal_file(std::string_view text) noexcept {
    return parse_signal(without_end(text));
}

std::optional<std::string> parse_variable_file(std::string_view text) {
    if (text.empty()) {
        return std::nullopt;
    }
    const std::string_view line = text.substr(0, text.find('\n'));
    std::string value(line.substr(0, line.find_last_not_of(" \t") + 1));
    std::replace(value.begin(), value.end(), '\0', '\n');
    return value;
}

std::string_view instance_in(std::string_view name) noexcept {
    const std::size_t at = name.find('@');
    return at == std::string_view::npos || at == 0 ? std::string_view() : name.substr(at + 1);
}

bool is_template_name(std::string_view name) noexcept {
    return name.size() > 1 && name.find('@') == name.size() - 1;
}

}  // namespace mainstay::supervisor
