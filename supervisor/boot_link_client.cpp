#include "supervisor/boot_link_client.h"

#include <cerrno>
#include <utility>

namespace mainstay::supervisor {

BootLinkClient::BootLinkClient(Loop& loop, Journal& journal, UniqueFd link, Listener listener)
    : journal_(journal), link_(std::move(link)), listener_(std::move(listener)) {
    watch_ = loop.watch_readable(link_.get(), [this] { on_readable(); });
}

void BootLinkClient::send(LinkType type, std::uint32_t value, std::string_view text) {
    LinkMessage message;
    message.type = type;
    message.sequence = ++sequence_;
    message.value = value;
    message.text.append(text);
    message.greeting.version = kLinkVersion;
    const auto sent = send_link(link_.get(), message);
    if (!sent && sent.error().code != EPIPE) {
        journal_.error(std::string("boot link: send: ") + errno_text(sent.error().code));
    }
}

void BootLinkClient::on_readable() {
    for (;;) {
        const LinkPacket packet = receive_link(link_.get());
        switch (packet.read) {
            case LinkRead::Nothing:
                return;
            case LinkRead::Invalid:
                journal_.warning("boot link: a message that is none was ignored");
                break;
            case LinkRead::Closed:
                watch_.reset();
                listener_.closed();
                return;
            case LinkRead::Message:
                if (packet.message.type == LinkType::Stop) {
                    listener_.stop();
                }
                break;
        }
    }
}

}  // namespace mainstay::supervisor
