/// PURE. What a notify message means for the service's state, as events of service_state.h, in the
/// order in which they are to be posted.
#pragma once

#include <cstdint>

#include "common/fixed.h"
#include "supervisor/notify_message.h"
#include "supervisor/service_state.h"

namespace mainstay::supervisor {

/// A message has at most one of each kind.
using NotifyEvents = FixedVector<Event, 5>;

/// @param generation of the run that said it
/// @param is_reloading whether it has said so before: READY=1 ends that
NotifyEvents events_of(const NotifyMessage& message, std::uint32_t generation,
                       bool is_reloading) noexcept;

}  // namespace mainstay::supervisor
