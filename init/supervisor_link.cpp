#include "init/supervisor_link.h"
#include "common/units.h"

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
    return send_link(fd_.get(), {LinkType::Stop, ++sent_, 0, {}});
}

SupervisorLink::Heard SupervisorLink::next(Log& log) noexcept {
    LinkMessage message;
    switch (receive_link(fd_.get(), message)) {
        case LinkRead::Nothing:
            return Heard::Nothing;
        case LinkRead::Closed:
            fd_.reset();
            return Heard::Nothing;
        case LinkRead::Invalid:
            log.warning("supervisor: a message on the boot link that is none of version %u",
                        static_cast<unsigned>(kLinkVersion));
            return Heard::Other;
        case LinkRead::Message:
            break;
    }
    switch (message.type) {
        case LinkType::Hello:
            hello_ = true;
            return Heard::Other;
        case LinkType::Progress:
            log.info("supervisor: %s to stop, among them %s",
                     counted(message.value, "service").c_str(), message.text.c_str());
            return Heard::Progress;
        case LinkType::Stopped:
            log.info("supervisor: all services are down");
            return Heard::Progress;
        case LinkType::BootComplete:
            return Heard::BootComplete;
        case LinkType::Stop:
            return Heard::Other;  // ours to send, not to get
    }
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
