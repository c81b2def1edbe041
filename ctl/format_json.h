/// PURE. `--json`: the lines of the protocol as a program reads them, one object a line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/protocol.h"

namespace mainstay::ctl {

/// A line of the supervisor without the number of the request. Fields that this version does not
/// know stay; everything beyond ASCII is escaped, so that it may go to any terminal.
std::string format_json(std::string_view reply_line);

/// An error of svctl itself: {"code":"usage","error":"…"}.
std::string format_json_error(std::string_view code, std::string_view message);

/// `svctl --json version`: svctl itself, and the supervisor where there is one.
std::string format_json_version(const protocol::Greeting& own,
                                const std::optional<protocol::Greeting>& supervisor);

}  // namespace mainstay::ctl
