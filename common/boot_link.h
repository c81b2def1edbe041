/// The boot link between PID 1 and the supervisor: a SOCK_SEQPACKET pair of 64-byte messages. PID 1
/// holds one end, the supervisor finds the other in MAINSTAY_LINK. Both ends are non-blocking;
/// neither side ever waits for the other without a deadline.
///
/// encode/decode are pure and trust nothing; send/receive are the thin edge.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/fixed.h"
#include "common/result.h"

namespace mainstay {

inline constexpr std::uint16_t kLinkVersion = 1;
inline constexpr std::size_t kLinkMessageSize = 64;

/// Values are part of the protocol: they are never reused or renumbered.
enum class LinkType : std::uint16_t {
    Hello = 1,  ///< supervisor: it is up; value = its pid
    Stop = 2,   ///< PID 1: stop all services in order, then exit
    Progress =
        3,        ///< supervisor, while stopping: value = services not down yet, text = one of them
    Stopped = 4,  ///< supervisor: every service is down, it exits next
    BootComplete = 5,  ///< supervisor: every enabled service is ready, done or failed
};

struct LinkMessage {
    LinkType type = LinkType::Hello;
    std::uint32_t sequence = 0;  ///< counts up from 1 for each direction
    std::uint32_t value = 0;
    FixedString<48> text;  ///< at most 47 bytes

    friend bool operator==(const LinkMessage&, const LinkMessage&) noexcept = default;
};

using LinkBytes = std::array<std::byte, kLinkMessageSize>;

LinkBytes encode(const LinkMessage& message) noexcept;

/// @returns nothing for a wrong size, magic, version, unknown type or unterminated text.
std::optional<LinkMessage> decode(std::string_view bytes) noexcept;

/// Never blocks. EAGAIN when the peer does not read (278 messages fit by default).
Result<void> send_link(int fd, const LinkMessage& message);

enum class LinkRead : std::uint8_t { Message, Nothing, Closed, Invalid };

/// Takes one message off the link. Never blocks.
/// @returns Invalid for a packet that does not decode: log it and go on.
LinkRead receive_link(int fd, LinkMessage& message) noexcept;

}  // namespace mainstay
