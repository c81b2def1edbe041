/// PURE. What supervisor and svlog say to each other over a SOCK_SEQPACKET pair, as bytes and back.
/// Both are one program, so numbers go in the machine's own order. A descriptor travels beside the
/// messages that say so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "supervisor/svlog/settings.h"

namespace mainstay::svlog {

inline constexpr std::uint32_t kLinkVersion = 2;
inline constexpr std::uint32_t kNoGroup = ~0U;
/// The slot of the supervisor's own messages.
inline constexpr std::uint32_t kOwnSlot = 0;

enum class MessageType : std::uint8_t {
    // The supervisor says. svlog acknowledges each but Setup by Done or Refused.
    /// The first message, with the arena's memory and the two ends of its stage: number is
    /// kLinkVersion, slot the group that files are to have, or kNoGroup.
    Setup = 1,
    Add,     ///< with the read end of a pipe: slot, settings, text is the service's name
    Change,  ///< slot, settings
    Remove,  ///< slot: read what is there, then forget it
    Finish,  ///< no service writes any more: read what is there, then end
    // svlog says.
    Done,     ///< number: so many messages of the supervisor were carried out
    Refused,  ///< slot, number: errno. An Add came to nothing, as one more that is done with
    Removed,  ///< slot: may be used again
    Notice,   ///< text: something for the supervisor's log; number: 1 warning, 2 information
    News,     ///< a stream that was marked as wanted has grown
};

struct Message {
    MessageType type = MessageType::News;
    std::uint32_t slot = 0;
    std::uint32_t number = 0;
    Settings settings;  ///< of Add and Change
    std::string text;   ///< at most kLongestText bytes; more is cut off by encode()

    friend bool operator==(const Message&, const Message&) = default;
};

inline constexpr std::size_t kLongestText = 1024;
inline constexpr std::size_t kLongestMessage = 64 + kLongestText;

/// How many messages may be under way before one is acknowledged: beyond about the limit of
/// descriptors the kernel refuses to carry more (unix(7), ETOOMANYREFS).
inline constexpr std::uint32_t kMostInFlight = 200;

std::string encode(const Message& message);

/// @returns nothing where the bytes are no message: too short, too long, or of no known type
std::optional<Message> decode(std::string_view bytes);

}  // namespace mainstay::svlog
