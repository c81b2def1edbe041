/// Messages over the link between supervisor and svlog, with the descriptors that travel beside
/// them. Never blocks.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "common/result.h"
#include "common/unique_fd.h"
#include "supervisor/svlog/link_message.h"

namespace mainstay::svlog {

/// As many as Setup has.
inline constexpr std::size_t kMostPassed = 3;

/// @param passed borrowed; at most kMostPassed. EAGAIN: not now. ETOOMANYREFS: too many under way.
Result<void> send_message(int link, const Message& message, std::span<const int> passed = {});

struct Received {
    std::optional<Message> message;            ///< none: what came makes no sense and is skipped
    std::array<UniqueFd, kMostPassed> passed;  ///< close-on-exec; those that came are first
};

/// EAGAIN: nothing there. EPIPE: the other side has gone.
Result<Received> receive_message(int link);

}  // namespace mainstay::svlog
