#include "common/boot_link.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace mainstay {
namespace {

constexpr std::uint32_t kMagic = 0x4b4e4c4d;  // "MLNK" in memory on a little-endian machine

/// The shape of the frame, which is not the version of what is said in it: it stays 1, so that a
/// peer of any version reads a Hello.
constexpr std::uint16_t kFrameShape = 1;

/// The bytes on the wire, in the machine's own order: both ends always run on one kernel.
struct Wire {
    std::uint32_t magic;
    std::uint16_t shape;
    std::uint16_t type;
    std::uint32_t sequence;
    std::uint32_t value;
    std::array<char, 48> body;
};
static_assert(sizeof(Wire) == kLinkMessageSize);
static_assert(std::is_trivially_copyable_v<Wire>);

struct KeyWire {
    std::uint16_t kind;
    std::uint16_t unused;
    std::uint32_t id;
    std::uint32_t reason;
};

// These cross the link as they are: no byte of them is padding that would tell of our memory.
static_assert(std::has_unique_object_representations_v<KeyWire>);
static_assert(std::has_unique_object_representations_v<LinkGreeting>);

struct ProcessWire {
    std::int32_t pid;
    std::int32_t wait_status;
    std::uint32_t slot;
    std::uint32_t role;
    std::uint32_t service;
    std::uint32_t generation;
};
static_assert(std::has_unique_object_representations_v<ProcessWire>);

enum class Body : std::uint8_t { None, Text, Greeting, Key, Process };

/// What the body of a message holds.
Body body_of(LinkType type) noexcept {
    switch (type) {
        case LinkType::Progress:
        case LinkType::Stop:
        case LinkType::Stopped:
        case LinkType::BootComplete:
            return Body::Text;
        case LinkType::Hello:
        case LinkType::Welcome:
            return Body::Greeting;
        case LinkType::Keep:
        case LinkType::Drop:
        case LinkType::Refused:
        case LinkType::Kept:
            return Body::Key;
        case LinkType::Adopted:
        case LinkType::Exited:
            return Body::Process;
        case LinkType::Table:
        case LinkType::Claim:
        case LinkType::ExitRecorded:
        case LinkType::Accepted:
        case LinkType::HandOverBegin:
        case LinkType::HandOverEnd:
            break;
    }
    return Body::None;
}

template <typename T>
void put(Wire& wire, const T& content) noexcept {
    static_assert(sizeof content <= sizeof wire.body);
    std::memcpy(wire.body.data(), &content, sizeof content);
}

template <typename T>
T take(const Wire& wire) noexcept {
    T content;
    static_assert(sizeof content <= sizeof wire.body);
    std::memcpy(&content, wire.body.data(), sizeof content);
    return content;
}

void put_body(Wire& wire, const LinkMessage& message) noexcept {
    switch (body_of(message.type)) {
        case Body::None:
            break;
        case Body::Text:
            std::memcpy(wire.body.data(), message.text.c_str(), message.text.size());
            break;
        case Body::Greeting:
            put(wire, message.greeting);
            break;
        case Body::Key:
            put(wire, KeyWire{message.key.kind, 0, message.key.id, message.reason});
            break;
        case Body::Process: {
            const LinkProcess& process = message.process;
            put(wire, ProcessWire{process.pid, process.wait_status, process.slot, process.role,
                                  process.service, process.generation});
            break;
        }
    }
}

/// @returns false where the body is none of its type
bool take_body(const Wire& wire, LinkMessage& message) noexcept {
    switch (body_of(message.type)) {
        case Body::None:
            break;
        case Body::Text:
            if (std::memchr(wire.body.data(), '\0', wire.body.size()) == nullptr) {
                return false;
            }
            message.text.append(std::string_view(wire.body.data()));
            break;
        case Body::Greeting:
            message.greeting = take<LinkGreeting>(wire);
            // Version 1 said Hello without a greeting.
            message.greeting.version = std::max<std::uint32_t>(message.greeting.version, 1);
            break;
        case Body::Key: {
            const auto key = take<KeyWire>(wire);
            message.key = {key.kind, key.id};
            message.reason = key.reason;
            break;
        }
        case Body::Process: {
            const auto process = take<ProcessWire>(wire);
            message.process = {process.pid,  process.wait_status, process.slot,
                               process.role, process.service,     process.generation};
            break;
        }
    }
    return true;
}

/// Room for the descriptors of one message, aligned as the kernel wants it.
union Ancillary {
    cmsghdr header;
    std::array<char, CMSG_SPACE(sizeof(int) * kMaxLinkDescriptors)> bytes;
};

/// Tells the end from an empty packet, which a read cannot.
bool peer_is_gone(int fd) noexcept {
    pollfd watched{fd, 0, 0};
    return ::poll(&watched, 1, 0) == 1 && (watched.revents & (POLLHUP | POLLERR)) != 0;
}

void take_descriptors(msghdr& received, LinkPacket& packet) noexcept {
    for (cmsghdr* header = CMSG_FIRSTHDR(&received); header != nullptr;
         header = CMSG_NXTHDR(&received, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
            if (!packet.descriptors.push_back(UniqueFd(fd))) {
                packet.is_truncated = true;
            }
        }
    }
}

/// Whether nothing will ever come again. Any other failure is of this one read (ENOMEM): what waits
/// to be read still does, and a link that is closed takes the supervisor and its services down.
bool is_broken(int code) noexcept {
    return code == ECONNRESET || code == ENOTCONN || code == ENOTSOCK || code == EBADF;
}

}  // namespace

bool is_known(LinkType type) noexcept {
    return type >= LinkType::Hello && type <= LinkType::HandOverEnd;
}

LinkBytes encode(const LinkMessage& message) noexcept {
    Wire wire{};
    wire.magic = kMagic;
    wire.shape = kFrameShape;
    wire.type = static_cast<std::uint16_t>(message.type);
    wire.sequence = message.sequence;
    wire.value = message.value;
    put_body(wire, message);
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
    if (wire.magic != kMagic || wire.shape != kFrameShape || wire.type == 0) {
        return std::nullopt;
    }
    LinkMessage message;
    message.type = static_cast<LinkType>(wire.type);
    message.sequence = wire.sequence;
    message.value = wire.value;
    if (!take_body(wire, message)) {
        return std::nullopt;
    }
    return message;
}

Result<void> send_link(int fd, const LinkMessage& message, std::span<const int> descriptors) {
    if (descriptors.size() > kMaxLinkDescriptors) {
        return Error("send", E2BIG);
    }
    LinkBytes bytes = encode(message);
    iovec part{bytes.data(), bytes.size()};
    Ancillary ancillary{};
    msghdr sent{};
    sent.msg_iov = &part;
    sent.msg_iovlen = 1;
    if (!descriptors.empty()) {
        sent.msg_control = &ancillary;
        sent.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
        ancillary.header.cmsg_level = SOL_SOCKET;
        ancillary.header.cmsg_type = SCM_RIGHTS;
        ancillary.header.cmsg_len = CMSG_LEN(descriptors.size_bytes());
        std::memcpy(CMSG_DATA(&ancillary.header), descriptors.data(), descriptors.size_bytes());
    }
    if (::sendmsg(fd, &sent, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        return last_error("send");
    }
    return {};
}

bool may_go_later(int code) noexcept {
    return code == EAGAIN || code == EINTR || code == ENOBUFS || code == ENOMEM ||
           code == ETOOMANYREFS;
}

LinkPacket receive_link(int fd) noexcept {
    LinkPacket packet;
    // One byte more than a message, so that a longer packet shows.
    std::array<char, kLinkMessageSize + 1> buffer;
    iovec part{buffer.data(), buffer.size()};
    Ancillary ancillary{};
    msghdr received{};
    received.msg_iov = &part;
    received.msg_iovlen = 1;
    received.msg_control = &ancillary;
    received.msg_controllen = sizeof ancillary;
    const ssize_t count = ::recvmsg(fd, &received, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (count < 0) {
        packet.read = is_broken(errno) ? LinkRead::Closed : LinkRead::Nothing;
        return packet;
    }
    packet.is_truncated = (received.msg_flags & MSG_CTRUNC) != 0;
    take_descriptors(received, packet);
    if (count == 0) {
        packet.read = peer_is_gone(fd) ? LinkRead::Closed : LinkRead::Invalid;
        return packet;
    }
    const auto decoded = decode({buffer.data(), static_cast<std::size_t>(count)});
    packet.read = decoded ? LinkRead::Message : LinkRead::Invalid;
    if (decoded) {
        packet.message = *decoded;
    }
    return packet;
}

}  // namespace mainstay
