#include "supervisor/runsv/keeping.h"

#include <poll.h>

#include <iterator>

#include "common/boot_link.h"

namespace mainstay::supervisor::runsv {
namespace {

/// Of runsvdir, which does nothing else but read; a descriptor less is kept where it is stopped.
constexpr int kPatience = 1000;  // milliseconds

void say(int link, LinkMessage message, std::span<const int> descriptors) {
    message.value = static_cast<std::uint32_t>(descriptors.size());
    auto sent = send_link(link, message, descriptors);
    pollfd writable{link, POLLOUT, 0};
    while (!sent && may_go_later(sent.error().code) && ::poll(&writable, 1, kPatience) > 0) {
        sent = send_link(link, message, descriptors);
    }
}

LinkMessage message_of(LinkType type, KeptKind kind, std::uint32_t id) {
    LinkMessage message;
    message.type = type;
    message.key = {static_cast<std::uint16_t>(kind), id};
    return message;
}

}  // namespace

void LinkKeeper::keep(KeptKind kind, std::uint32_t id, std::span<const int> descriptors) {
    if (link_ >= 0) {
        say(link_, message_of(LinkType::Keep, kind, id), descriptors);
    }
}

void LinkKeeper::drop(KeptKind kind, std::uint32_t id) {
    if (link_ >= 0) {
        say(link_, message_of(LinkType::Drop, kind, id), {});
    }
}

void obey_keeper(int link, KeptDescriptors& kept) {
    for (;;) {
        LinkPacket packet = receive_link(link);
        if (packet.read == LinkRead::Nothing || packet.read == LinkRead::Closed) {
            return;
        }
        const std::pair key(KeptKind{packet.message.key.kind}, packet.message.key.id);
        if (packet.message.type == LinkType::Drop || packet.is_truncated) {
            kept.erase(key);
        } else if (packet.message.type == LinkType::Keep) {
            kept[key] = {std::make_move_iterator(packet.descriptors.begin()),
                         std::make_move_iterator(packet.descriptors.end())};
        }
    }
}

}  // namespace mainstay::supervisor::runsv
