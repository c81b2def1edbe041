#include "init/watchdog_plan.h"

#include <charconv>

namespace mainstay::init {

std::optional<WatchdogSetting> parse_watchdog(std::string_view text) noexcept {
    constexpr std::string_view kDev = "/dev/";
    const std::size_t comma = text.find(',');
    const std::string_view device = text.substr(0, comma);
    WatchdogSetting setting{device, kWatchdogSeconds};
    if (device.size() <= kDev.size() || device.size() > setting.device.capacity() ||
        device.substr(0, kDev.size()) != kDev || device.find("..") != std::string_view::npos) {
        return std::nullopt;
    }
    if (comma == std::string_view::npos) {
        return setting;
    }
    const std::string_view number = text.substr(comma + 1);
    const char* const end = number.data() + number.size();
    const auto [stop, failure] = std::from_chars(number.data(), end, setting.seconds);
    if (failure != std::errc() || stop != end || setting.seconds == 0 ||
        setting.seconds > kMostWatchdogSeconds) {
        return std::nullopt;
    }
    return setting;
}

}  // namespace mainstay::init
