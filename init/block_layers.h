/// Block devices that lie on others: loop, device-mapper and md. At shutdown they are taken apart,
/// so that what is below them is written and released. May block: in a Helper.
#pragma once

#include <cstdint>

#include "init/log.h"

namespace mainstay::init {

/// What a failure of this round means: a device may be free in the next one.
enum class Round : std::uint8_t { NotLast, Last };

/// Detaches all that nobody uses, the topmost first; in the last round it names what stays but the
/// device of the root.
void detach_block_layers(Round round, Log& log) noexcept;

}  // namespace mainstay::init
