/// Messages over the link between supervisor and svlog, with the descriptors that travel beside
/// them. Never blocks.
#pragma once

#include <optional>

#include "common/result.h"
#include "common/unique_fd.h"
#include "supervisor/svlog/link_message.h"

namespace mainstay::svlog {

/// @param passed borrowed; -1: none. EAGAIN: not now. ETOOMANYREFS: too many under way.
Result<void> send_message(int link, const Message& message, int passed = -1);

struct Received {
    std::optional<Message> message;  ///< none: what came makes no sense and is skipped
    UniqueFd passed;                 ///< close-on-exec
    bool was_truncated = false;      ///< a descriptor came and there was no room for it
};

/// EAGAIN: nothing there. EPIPE: the other side has gone.
Result<Received> receive_message(int link);

}  // namespace mainstay::svlog
