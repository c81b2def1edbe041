/// The nodes in /dev, made by ourselves where the kernel has no devtmpfs to make them.
#pragma once

#include <cstdint>

#include "common/result.h"

namespace mainstay::init {

enum class NodesOf : std::uint8_t { AllDevices, BlockDevices };

/// Makes the nodes that are not there: of what /sys/dev names, and those no system can do without.
/// @returns the first failure, after having tried all
Result<void> make_device_nodes(NodesOf which) noexcept;

/// For whoever looks for a device that came later: without devtmpfs its node is ours to make.
bool kernel_has_devtmpfs() noexcept;

}  // namespace mainstay::init
