/// PURE. What the file `uevent` of a device in sysfs says of its node: a line each for DEVNAME,
/// MAJOR, MINOR and, where it is not 0600, DEVMODE. It is what devtmpfs would make of the device.
#pragma once

#include <optional>
#include <string_view>

#include "common/fixed.h"

namespace mainstay::init {

struct DeviceNode {
    FixedString<128> name;  ///< below /dev, such as "sda1" or "input/event0"
    unsigned mode = 0600;
    unsigned major = 0;
    unsigned minor = 0;

    friend bool operator==(const DeviceNode&, const DeviceNode&) noexcept = default;
};

/// @returns nothing where a device has no node, or one whose name leads out of /dev
std::optional<DeviceNode> parse_device_uevent(std::string_view text) noexcept;

}  // namespace mainstay::init
