/// PURE. What became of a command that acts: one line a service.
#pragma once

#include <string>
#include <string_view>

#include "common/protocol.h"
#include "ctl/style.h"

namespace mainstay::ctl {

/// What was asked for, in the words of the messages.
struct Order {
    std::string_view command;  ///< the full name: "up"
    int signal = 0;            ///< of a command that signals
};

/// "web: ready, pid 4802", "web: HUP sent to pid 4802"
std::string format_success(const Order& order, const ServiceView& view, const Style& style);

/// "klogd: up did not finish: exit 1, next start in 2 s (3rd restart)" and the last log lines.
std::string format_failure(const Order& order, const protocol::ServiceError& error,
                           const Style& style);

}  // namespace mainstay::ctl
