/// PURE. What a service says on its notify socket: one datagram of sd_notify(3), `KEY=value` lines,
/// read into plain data. Who sent it, and what it means for the service, is not known here.
///
/// The bytes are hostile. Any give a message or none; keys that nobody knows and values that make
/// no sense are left out, the first of the latter is named. A key given twice counts as it stands
/// first, as systemd has it; of READY, RELOADING and STOPPING the last in a datagram counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/clock.h"

namespace mainstay::supervisor {

/// A datagram that is longer says nothing (PIPE_BUF, as systemd's).
inline constexpr std::size_t kMaxNotifyMessage = 4096;
/// What is kept of a status text or a name; the rest is cut off.
inline constexpr std::size_t kMaxNotifyText = 512;

enum class NotifyPhase : std::uint8_t { None, Ready, Reloading, Stopping };
enum class NotifyWatchdog : std::uint8_t { None, Ping, Trigger };
/// Descriptors that come with the message are to be kept, or those kept under its name given up.
enum class NotifyStore : std::uint8_t { None, Add, Remove };
/// Of NOTIFYACCESS: who may speak from now on.
enum class NotifySenders : std::uint8_t { Nobody, Main, All };

struct NotifyMessage {
    NotifyPhase phase = NotifyPhase::None;
    NotifyWatchdog watchdog = NotifyWatchdog::None;
    NotifyStore store = NotifyStore::None;
    bool barrier = false;               ///< a request of its own: nothing else is set then
    std::optional<std::string> status;  ///< UTF-8 without control characters; empty: none now
    std::optional<int> error_number;    ///< ERRNO, 1 to 4095
    std::optional<std::string> bus_error;
    std::optional<std::uint8_t> exit_status;
    std::optional<std::int32_t> main_pid;      ///< 1 or more
    std::optional<Duration> watchdog_timeout;  ///< zero: off; at most kForever
    std::optional<Duration> extend_timeout;    ///< from now on; at most kForever
    std::optional<MonotonicTime> reload_began;
    std::optional<NotifySenders> senders;
    std::string descriptor_name;
    bool polls = true;              ///< FDPOLL=0: kept also when the other end is gone
    const char* bad_key = nullptr;  ///< a known key whose value makes no sense; a literal

    friend bool operator==(const NotifyMessage& a, const NotifyMessage& b) = default;
};

/// @returns nothing where it is no message at all: empty, too long, or with a NUL inside (one at
/// its end is tolerated)
std::optional<NotifyMessage> parse_notify(std::string_view datagram);

/// @p text as it may be shown: what is not UTF-8 becomes U+FFFD, a control character a blank; at
/// most kMaxNotifyText bytes, cut between characters.
std::string shown_text(std::string_view text);

}  // namespace mainstay::supervisor
