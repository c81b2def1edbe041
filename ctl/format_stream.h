/// PURE. What comes line by line: log lines, events, changes of what there is, the line that shows
/// what is waited for.
#pragma once

#include <string>

#include "common/protocol.h"
#include "ctl/moment.h"
#include "ctl/style.h"

namespace mainstay::ctl {

/// Whether log lines begin with the name of their service.
enum class Prefix : std::uint8_t { None, Name };

/// The lines of a piece. On a terminal they are made visible, but not cut: they are what was asked
/// for. Elsewhere they are as they were printed.
std::string format_log_lines(const protocol::LogReply& log, Prefix prefix, const Style& style);

/// Where the lines of a service are that has a logger.
std::string format_logger(const protocol::LogReply& log, const Style& style);

/// "12:03:11 web: starting -> ready, pid 4802"; empty for what is not worth a line.
/// @param ago how long the event is past
std::string format_event(const protocol::EventReply& event, LocalTime now,
                         std::chrono::milliseconds ago, const Style& style);

/// "web: enabled, /etc/service/web -> /etc/sv/web"
std::string format_change(const protocol::ChangeReply& change, const Style& style);

/// "waiting for db (starting, 41 s left) and 3 more", cut to the width of the terminal.
/// @param passed since the view came
std::string progress_text(const protocol::ProgressReply& progress, std::chrono::milliseconds passed,
                          const Style& style);

}  // namespace mainstay::ctl
