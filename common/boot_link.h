/// The boot link between PID 1 and the supervisor: a SOCK_SEQPACKET pair of 64-byte messages, some
/// with descriptors. PID 1 holds one end, the supervisor finds the other in MAINSTAY_LINK. Both
/// ends are non-blocking; neither side ever waits for the other without a deadline.
///
/// Who says what, when, and what it means: docs/boot-link.md. encode/decode are pure and trust
/// nothing; send/receive are the thin edge.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/fixed.h"
#include "common/result.h"
#include "common/unique_fd.h"

namespace mainstay {

/// What this program speaks. Each side tells the other its own (Hello, Welcome), and neither says
/// what a peer of a lower version does not know.
inline constexpr std::uint16_t kLinkVersion = 2;
inline constexpr std::size_t kLinkMessageSize = 64;
inline constexpr std::size_t kMaxLinkDescriptors = 8;
/// How many messages that are acknowledged the supervisor may have on their way: fewer than a
/// socket's queue holds.
inline constexpr std::uint32_t kMaxLinkInFlight = 200;

/// Values are part of the protocol: they are never reused or renumbered. What is unknown is
/// ignored.
enum class LinkType : std::uint16_t {
    Hello = 1,         ///< supervisor: it is up; value = its pid; text = LinkGreeting
    Stop = 2,          ///< PID 1: stop all services in order, then exit; value = LinkStop
    Progress = 3,      ///< supervisor, stopping: value = services not down yet, text = one of them
    Stopped = 4,       ///< supervisor: every service is down, it exits next
    BootComplete = 5,  ///< supervisor: every enabled service is ready, done or failed

    // From version 2 on. Supervisor:
    Keep = 6,   ///< keep value descriptors, which come along, under key in place of what is there
    Drop = 7,   ///< forget what is kept under key
    Table = 8,  ///< either way: one descriptor, the state table
    Claim = 9,  ///< hand over all there is; value = any number, to come back
    ExitRecorded = 10,  ///< value = the number of an Exited: need not be kept any more

    // PID 1:
    Welcome = 11,        ///< the answer to Hello: greeting
    Accepted = 12,       ///< value = sequence: all up to here is done, but what was Refused
    Refused = 13,        ///< value = sequence of a Keep, Drop or Table; reason
    HandOverBegin = 14,  ///< value = what the Claim said
    Kept = 15,           ///< value descriptors, which come along, are kept under key
    Adopted = 16,        ///< process lives; its pidfd comes along
    Exited = 17,         ///< process ended; value = this exit's number, for ExitRecorded
    HandOverEnd = 18,    ///< value = what the Claim said; Exited may follow at any time
};

bool is_known(LinkType type) noexcept;

/// What comes after a Stop. A PID 1 before this was told apart says SystemGoesOn always, and a
/// value that is unknown means that.
enum class LinkStop : std::uint32_t {
    SystemGoesOn = 0,
    MachineEnds = 1,  ///< what is in memory only need not be put in order
};

/// Hello and Welcome: what the sender is. The fields below version are PID 1's.
struct LinkGreeting {
    std::uint32_t version = 1;
    std::uint32_t most_keys = 0;         ///< how many keys it keeps; 0: keeps nothing
    std::uint32_t most_descriptors = 0;  ///< how many descriptors under all keys together
    std::uint32_t keys = 0;              ///< how many there are to claim
    std::uint32_t adopted = 0;           ///< processes that live, likewise
    std::uint32_t exits = 0;             ///< exits nobody has recorded, likewise
    std::uint32_t tables = 0;            ///< 1 where there is a state table to claim

    friend bool operator==(const LinkGreeting&, const LinkGreeting&) noexcept = default;
};

/// Under what descriptors are kept. PID 1 does not look into it.
struct LinkKey {
    std::uint16_t kind = 0;
    std::uint32_t id = 0;

    friend bool operator==(const LinkKey&, const LinkKey&) noexcept = default;
};

/// A process out of the state table. Only pid and status mean anything to PID 1.
struct LinkProcess {
    std::int32_t pid = 0;
    std::int32_t wait_status = 0;  ///< as wait(2) gives it; Exited only
    std::uint32_t slot = 0;        ///< of the table
    std::uint32_t role = 0;        ///< which of the slot's processes
    std::uint32_t service = 0;
    std::uint32_t generation = 0;

    friend bool operator==(const LinkProcess&, const LinkProcess&) noexcept = default;
};

/// Of text, greeting, key, reason and process, only what belongs to the type crosses the link.
struct LinkMessage {
    LinkType type = LinkType::Hello;
    std::uint32_t sequence = 0;  ///< counts up from 1 for each direction
    std::uint32_t value = 0;
    FixedString<48> text;  ///< at most 47 bytes
    LinkGreeting greeting;
    LinkKey key;
    std::uint32_t reason = 0;  ///< an errno
    LinkProcess process;

    friend bool operator==(const LinkMessage&, const LinkMessage&) noexcept = default;
};

using LinkBytes = std::array<std::byte, kLinkMessageSize>;

LinkBytes encode(const LinkMessage& message) noexcept;

/// @returns nothing for a wrong size, magic, shape or unterminated text. A message of a type that
/// is unknown here is one all the same: it has its type, sequence and value.
std::optional<LinkMessage> decode(std::string_view bytes) noexcept;

/// Never blocks. EAGAIN when the peer does not read (278 messages fit by default).
/// @param descriptors borrowed; at most kMaxLinkDescriptors
Result<void> send_link(int fd, const LinkMessage& message, std::span<const int> descriptors = {});

/// Whether a message that send_link() failed to send with @p code may go later: the socket is full,
/// or the system.
bool may_go_later(int code) noexcept;

enum class LinkRead : std::uint8_t { Message, Nothing, Closed, Invalid };

using LinkDescriptors = FixedVector<UniqueFd, kMaxLinkDescriptors>;

struct LinkPacket {
    LinkRead read = LinkRead::Nothing;
    LinkMessage message;          ///< of a Message
    LinkDescriptors descriptors;  ///< close-on-exec
    bool is_truncated = false;    ///< more came along than were taken: not to be relied upon
};

/// Takes one message off the link, with what comes along. Never blocks.
/// @returns Invalid for a packet that does not decode: log it and go on.
LinkPacket receive_link(int fd) noexcept;

}  // namespace mainstay
