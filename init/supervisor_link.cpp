#include "init/supervisor_link.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "common/paths.h"
#include "common/units.h"

namespace mainstay::init {
namespace {

bool is_for_keeper(LinkType type) noexcept {
    return type == LinkType::Keep || type == LinkType::Drop || type == LinkType::Table ||
           type == LinkType::Claim || type == LinkType::ExitRecorded;
}

/// Closed without waiting, as a descriptor may be anything.
void dispose(LinkDescriptors& descriptors) noexcept {
    DescriptorList numbers;
    for (UniqueFd& fd : descriptors) {
        if (fd.valid()) {
            (void)numbers.push_back(fd.release());
        }
    }
    Keeper::dispose({numbers.data(), numbers.size()});
}

}  // namespace

std::optional<std::uint32_t> SeldomSaid::ask(MonotonicTime now) noexcept {
    constexpr Duration kPause = std::chrono::seconds(10);
    if (last_ && now - *last_ < kPause) {
        ++held_back_;
        return std::nullopt;
    }
    last_ = now;
    return std::exchange(held_back_, 0);
}

void hand_over_link(int link_fd) noexcept {
    constexpr int kLinkTarget = 3;
    if (link_fd == kLinkTarget) {
        (void)::fcntl(link_fd, F_SETFD, 0);
    } else {
        (void)::dup2(link_fd, kLinkTarget);
    }
    (void)::setenv(kLinkVariable, "3", 1);
    FixedString<8> version;
    version.append_format("%u", static_cast<unsigned>(kLinkVersion));
    (void)::setenv(kLinkVersionVariable, version.c_str(), 1);
}

Result<UniqueFd> SupervisorLink::renew() noexcept {
    close();
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
        return last_error("socketpair");
    }
    keeper_.state().begin_link(ends[0]);
    return UniqueFd(ends[1]);
}

void SupervisorLink::close() noexcept {
    UniqueFd(state().fd).reset();
    keeper_.state().end_link();
    is_full_ = false;
    retry_at_ = MonotonicTime::max();
}

short SupervisorLink::events() const noexcept {
    if (retry_at_ != MonotonicTime::max()) {
        return 0;
    }
    return is_full_ ? POLLOUT : POLLIN;
}

Result<void> SupervisorLink::ask_to_stop(LinkStop what_follows) noexcept {
    LinkMessage stop;
    stop.type = LinkType::Stop;
    stop.sequence = state().sent + 1;
    stop.value = static_cast<std::uint32_t>(what_follows);
    TRY_VOID(send_link(fd(), stop));
    ++state().sent;
    return {};
}

// ---- hearing ------------------------------------------------------------------------------------

SupervisorLink::Heard SupervisorLink::next(Log& log) noexcept {
    if (is_full_ || retry_at_ != MonotonicTime::max()) {
        return Heard::Nothing;
    }
    const Heard heard = next_of_dead(log);
    if (heard != Heard::Nothing && keeper_.state().link.refused_reason != 0) {
        say_what_is_due(log);  // there is room for one refusal
    }
    return heard;
}

SupervisorLink::Heard SupervisorLink::next_of_dead(Log& log) noexcept {
    LinkPacket packet = receive_link(fd());
    const Heard heard = hear(packet, log);
    dispose(packet.descriptors);
    return heard;
}

SupervisorLink::Heard SupervisorLink::hear(LinkPacket& packet, Log& log) noexcept {
    switch (packet.read) {
        case LinkRead::Nothing:
            return Heard::Nothing;
        case LinkRead::Closed:
            UniqueFd(state().fd).reset();
            state().fd = -1;
            return Heard::Nothing;
        case LinkRead::Invalid:
            if (const auto others = nonsense_.ask(monotonic_now())) {
                log.warning(
                    "supervisor: something on the boot link that is no message, ignored "
                    "(and %u unmentioned before)",
                    *others);
            }
            return Heard::Other;
        case LinkRead::Message:
            break;
    }
    state().at_work_on = packet.message.sequence;
    Heard heard = Heard::Other;
    if (is_for_keeper(packet.message.type)) {
        obey(packet, log);
    } else {
        heard = heed(packet.message, log);
    }
    state().heard = packet.message.sequence;
    state().at_work_on = 0;
    return heard;
}

SupervisorLink::Heard SupervisorLink::heed(const LinkMessage& message, Log& log) noexcept {
    if (message.type == LinkType::Hello) {
        greet(message, log);
    } else if (message.type == LinkType::Progress) {
        log.info("supervisor: %s to stop, among them %s", counted(message.value, "service").c_str(),
                 message.text.c_str());
        return Heard::Progress;
    } else if (message.type == LinkType::Stopped) {
        log.info("supervisor: all services are down");
        state().has_stopped = 1;
        return Heard::Progress;
    } else if (message.type == LinkType::BootComplete) {
        return Heard::BootComplete;
    } else if (!is_known(message.type)) {
        if (const auto others = nonsense_.ask(monotonic_now())) {
            log.warning(
                "supervisor: a message of type %u, which is unknown here, ignored (and %u "
                "unmentioned before)",
                static_cast<unsigned>(message.type), *others);
        }
    }
    return Heard::Other;
}

void SupervisorLink::greet(const LinkMessage& hello, Log& log) noexcept {
    KeeperState& kept = keeper_.state();
    state().peer_version = hello.greeting.version;
    if (state().peer_version >= 2) {
        state().owes_welcome = 1;
    } else if (!kept.is_empty()) {
        // It will start all services: those that run must not run twice.
        log.warning("supervisor: it cannot take over what an older one left; ending %u processes",
                    kept.processes.living);
        keeper_.end_adopted();
        keeper_.forget_everything();
    }
}

void SupervisorLink::obey(LinkPacket& packet, Log& log) noexcept {
    const LinkMessage& message = packet.message;
    const int reason = keeper_.obey(message, packet.descriptors, packet.is_truncated);
    if (reason == 0) {
        return;
    }
    keeper_.state().refuse(message, static_cast<std::uint32_t>(reason));
    if (const auto others = refusals_.ask(monotonic_now())) {
        const KeptKeys& keys = keeper_.state().keys;
        log.error(
            "supervisor: not kept: %u descriptors of kind %u and id %u: %s; %u descriptors of "
            "at most %u are kept (and %u refusals unmentioned before)",
            message.value, message.key.kind, message.key.id, errno_text(reason),
            keys.descriptor_count, keeper_.state().most_descriptors, *others);
    }
}

// ---- saying -------------------------------------------------------------------------------------

void SupervisorLink::say_what_is_due(Log& log) noexcept {
    constexpr Duration kPause = std::chrono::milliseconds(50);
    if (retry_at_ != MonotonicTime::max() && monotonic_now() < retry_at_) {
        return;
    }
    is_full_ = false;
    retry_at_ = MonotonicTime::max();
    while (auto outgoing = keeper_.state().next()) {
        const auto said = say(*outgoing, log);
        if (!said && said.error().code == EAGAIN) {
            is_full_ = true;
            return;
        }
        if (!said && may_go_later(said.error().code)) {
            retry_at_ = monotonic_now() + kPause;
            return;
        }
        if (!said && (said.error().code == EPIPE || said.error().code == ECONNRESET)) {
            return;  // its end is closed; what it said before is still to be heard
        }
        if (!said) {
            log.error("supervisor: boot link: send: %s; it goes without this message",
                      errno_text(said.error().code));
        }
        keeper_.state().sent();
    }
}

Result<void> SupervisorLink::say(Outgoing& outgoing, Log& log) noexcept {
    outgoing.message.sequence = state().sent + 1;
    UniqueFd pidfd;
    if (outgoing.pidfd_of != 0) {
        // It is our child and not reaped: the number is its own.
        pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, outgoing.pidfd_of, 0)));
        if (pidfd.valid()) {
            (void)outgoing.descriptors.push_back(pidfd.get());
        } else {
            log.warning("supervisor: pid %d is handed over without a pidfd: %s", outgoing.pidfd_of,
                        errno_text(errno));
        }
    }
    return send_link(fd(), outgoing.message,
                     {outgoing.descriptors.data(), outgoing.descriptors.size()});
}

// ---- pacing -------------------------------------------------------------------------------------

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
