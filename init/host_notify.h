/// What the init of a system tells whoever started the container or the machine, in the words of
/// sd_notify(3), if that one asks for it by NOTIFY_SOCKET: READY=1 when the boot is complete,
/// STATUS, STOPPING=1 on the way down, EXIT_STATUS at its end.
///
/// Never blocks: what does not fit into the socket's queue is dropped, and told in the log.
#pragma once

#include "init/log.h"

namespace mainstay::init {

inline constexpr char kNotifySocket[] = "NOTIFY_SOCKET";

/// @param text assignments, one a line. Does nothing where nobody asks.
void tell_host(std::string_view text, Log& log) noexcept;

}  // namespace mainstay::init
