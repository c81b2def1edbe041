#include "init/terminal_name.h"

#include <algorithm>

namespace mainstay::init {
namespace {

constexpr std::string_view kDevices = "/dev/";

bool is_of_device_name(char byte) noexcept {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '/' || byte == '-' || byte == '_' || byte == '.';
}

}  // namespace

bool is_terminal_name(std::string_view name) noexcept {
    return !name.empty() && name.front() != '/' && name.find("..") == std::string_view::npos &&
           std::all_of(name.begin(), name.end(), is_of_device_name);
}

std::string_view without_dev(std::string_view name) noexcept {
    const bool has_it = name.substr(0, kDevices.size()) == kDevices;
    return has_it ? name.substr(kDevices.size()) : name;
}

}  // namespace mainstay::init
