#include "common/boot_link.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace mainstay {
namespace {

constexpr std::uint32_t kMagic = 0x4b4e4c4d;  // "MLNK" in memory on a little-endian machine

/// The bytes on the wire, in the machine's own order: both ends always run on one kernel.
struct Wire {
    std::uint32_t magic;
    std::uint16_t version;
    std::uint16_t type;
    std::uint32_t sequence;
    std::uint32_t value;
    char text[48];
};
static_assert(sizeof(Wire) == kLinkMessageSize);
static_assert(std::is_trivially_copyable_v<Wire>);

bool is_known(std::uint16_t type) noexcept {
    return type >= static_cast<std::uint16_t>(LinkType::Hello) &&
           type <= static_cast<std::uint16_t>(LinkType::BootComplete);
}

}  // namespace

LinkBytes encode(const LinkMessage& message) noexcept {
    Wire wire{};
    wire.magic = kMagic;
    wire.version = kLinkVersion;
    wire.type = static_cast<std::uint16_t>(message.type);
    wire.sequence = message.sequence;
    wire.value = message.value;
    std::memcpy(wire.text, message.text.c_str(), message.text.size());
    LinkBytes bytes{};
    std::memcpy(bytes.data(), &wire, sizeof wire);
    return bytes;
}

std::optional<LinkMessage> decode(std::string_view bytes) noexcept {
    if (bytes.size() != sizeof(Wire)) {
        return std::nullopt;
    }
    Wire wire;
    std::memcpy(&wire, bytes.data(), sizeof wire);
    const void* end = std::memchr(wire.text, '\0', sizeof wire.text);
    if (wire.magic != kMagic || wire.version != kLinkVersion || !is_known(wire.type) ||
        end == nullptr) {
        return std::nullopt;
    }
    return LinkMessage{static_cast<LinkType>(wire.type), wire.sequence, wire.value,
                       std::string_view(wire.text)};
}

Result<void> send_link(int fd, const LinkMessage& message) {
    const LinkBytes bytes = encode(message);
    if (::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        return last_error("send");
    }
    return {};
}

LinkRead receive_link(int fd, LinkMessage& message) noexcept {
    // One byte more than a message, so that a longer packet shows.
    std::array<char, kLinkMessageSize + 1> buffer;
    const ssize_t count = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count == 0) {
        return LinkRead::Closed;
    }
    if (count < 0) {
        return errno == EAGAIN || errno == EINTR ? LinkRead::Nothing : LinkRead::Closed;
    }
    const auto decoded = decode({buffer.data(), static_cast<std::size_t>(count)});
    if (!decoded) {
        return LinkRead::Invalid;
    }
    message = *decoded;
    return LinkRead::Message;
}

}  // namespace mainstay
