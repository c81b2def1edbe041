#include "init/supervisor_link.h"

#include <sys/socket.h>

namespace mainstay::init {

Result<UniqueFd> SupervisorLink::renew() noexcept {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
        return last_error("socketpair");
    }
    fd_.reset(ends[0]);
    hello_ = false;
    sent_ = 0;
    return UniqueFd(ends[1]);
}

Result<void> SupervisorLink::ask_to_stop() noexcept {
    LinkMessage stop;
    stop.type = LinkType::Stop;
    stop.sequence = ++sent_;
    return send_link(fd_.get(), stop);
}

SupervisorLink::Heard SupervisorLink::next(Log& log) noexcept {
    const LinkPacket packet = receive_link(fd_.get());
    switch (packet.read) {
        case LinkRead::Nothing:
            return Heard::Nothing;
        case LinkRead::Closed:
            fd_.reset();
            return Heard::Nothing;
        case LinkRead::Invalid:
            log.warning("supervisor: something on the boot link that is no message");
            return Heard::Other;
        case LinkRead::Message:
            break;
    }
    const LinkMessage& message = packet.message;
    if (message.type == LinkType::Progress) {
        log.info("supervisor: %u services to stop, among them %s", message.value,
                 message.text.c_str());
        return Heard::Progress;
    }
    if (message.type == LinkType::Stopped) {
        log.info("supervisor: all services are down");
        return Heard::Progress;
    }
    if (message.type == LinkType::BootComplete) {
        return Heard::BootComplete;
    }
    hello_ = hello_ || message.type == LinkType::Hello;
    return Heard::Other;
}

Duration SupervisorPacing::next_wait(MonotonicTime now) noexcept {
    constexpr Duration kWithin = std::chrono::seconds(10);
    constexpr Duration kSlowPace = std::chrono::seconds(1);
    if (!starts_.push_back(now)) {
        const bool is_burst = now - starts_[oldest_] < kWithin;
        starts_[oldest_] = now;
        oldest_ = (oldest_ + 1) % kBurst;
        return is_burst ? kSlowPace : Duration::zero();
    }
    return Duration::zero();
}

}  // namespace mainstay::init
