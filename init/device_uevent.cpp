#include "init/device_uevent.h"

#include <charconv>

namespace mainstay::init {
namespace {

constexpr unsigned kAllPermissions = 0777;

bool read_number(std::string_view text, int base, unsigned& number) noexcept {
    const char* const last = text.data() + text.size();
    const auto read = std::from_chars(text.data(), last, number, base);
    return read.ec == std::errc() && read.ptr == last;
}

/// No part of it is empty, "." or "..".
bool stays_below(std::string_view name) noexcept {
    while (true) {
        const std::string_view part = name.substr(0, name.find('/'));
        if (part.empty() || part == "." || part == "..") {
            return false;
        }
        if (part.size() == name.size()) {
            return true;
        }
        name.remove_prefix(part.size() + 1);
    }
}

bool is_name(std::string_view text) noexcept {
    return text.size() <= decltype(DeviceNode::name)::capacity() &&
           text.find('\0') == std::string_view::npos && stays_below(text);
}

}  // namespace

std::optional<DeviceNode> parse_device_uevent(std::string_view text) noexcept {
    DeviceNode node;
    bool has_major = false;
    bool has_minor = false;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
        const std::size_t sign = line.find('=');
        if (sign == std::string_view::npos) {
            continue;
        }
        const std::string_view key = line.substr(0, sign);
        const std::string_view value = line.substr(sign + 1);
        if (key == "DEVNAME" && is_name(value)) {
            node.name = value;
        } else if (key == "MAJOR") {
            has_major = read_number(value, 10, node.major);
        } else if (key == "MINOR") {
            has_minor = read_number(value, 10, node.minor);
        } else if (key == "DEVMODE" &&
                   (!read_number(value, 8, node.mode) || node.mode > kAllPermissions)) {
            return std::nullopt;
        }
    }
    if (node.name.empty() || !has_major || !has_minor) {
        return std::nullopt;
    }
    return node;
}

}  // namespace mainstay::init
