#include "supervisor/boot_link_client.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

namespace mainstay::supervisor {
namespace {

/// From this version of the link on PID 1 keeps things, and answers Hello.
constexpr std::uint32_t kKeepingVersion = 2;
/// PID 1 never waits for anything. Who goes on without its answer starts twice what runs already,
/// so this is long.
constexpr Duration kPatience = std::chrono::seconds(30);
/// An answer may get lost where PID 1 has no memory for it: then it is asked again.
constexpr Duration kAskAgain = std::chrono::seconds(2);
/// What PID 1 has to be told is tried again for a second where the system has no room for it.
constexpr int kMostTries = 100;
constexpr std::chrono::milliseconds kPauseOfTries{10};
constexpr std::chrono::milliseconds kPauseWhileFull{100};

LinkStop stop_of(const LinkMessage& stop) noexcept {
    const auto ends = static_cast<std::uint32_t>(LinkStop::MachineEnds);
    return stop.value == ends ? LinkStop::MachineEnds : LinkStop::SystemGoesOn;
}

LinkMessage message_of(LinkType type, std::uint32_t value) noexcept {
    LinkMessage message;
    message.type = type;
    message.value = value;
    return message;
}

std::vector<UniqueFd> copies_of(std::span<const int> descriptors) {
    std::vector<UniqueFd> copies;
    copies.reserve(descriptors.size());
    for (const int fd : descriptors) {
        copies.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    }
    return copies;
}

std::vector<int> numbers_of(const std::vector<UniqueFd>& descriptors) {
    std::vector<int> numbers;
    numbers.reserve(descriptors.size());
    for (const UniqueFd& fd : descriptors) {
        numbers.push_back(fd.get());
    }
    return numbers;
}

int left_until(MonotonicTime deadline) noexcept {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - monotonic_now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

}  // namespace

BootLinkClient::BootLinkClient(Loop& loop, Journal& journal, UniqueFd link)
    : loop_(loop), journal_(journal), link_(std::move(link)) {}

// --- what there was before us -------------------------------------------------------------------

HandOver BootLinkClient::greet(std::uint32_t link_version) {
    HandOver over;
    if (!is_there()) {
        return over;
    }
    if (link_version < kKeepingVersion) {
        send(LinkType::Hello, static_cast<std::uint32_t>(::getpid()), "");
        return over;
    }
    if (!ask(LinkType::Hello, LinkType::Welcome, over)) {
        journal_.error("boot link: PID 1 does not answer; going on without what it keeps");
        return over;
    }
    const bool has_something = greeting_.keys != 0 || greeting_.adopted != 0 ||
                               greeting_.exits != 0 || greeting_.tables != 0;
    if (has_something && !ask(LinkType::Claim, LinkType::HandOverEnd, over)) {
        journal_.error("boot link: PID 1 did not hand over all that it keeps");
    }
    return over;
}

/// Both may be asked twice: a second Claim begins anew.
bool BootLinkClient::ask(LinkType question, LinkType answer, HandOver& over) {
    const MonotonicTime end = monotonic_now() + kPatience;
    auto heard = Heard::Silence;
    while (heard == Heard::Silence && monotonic_now() < end) {
        over = HandOver();
        is_handing_over_ = false;
        claim_ = sequence_ + 1;
        send(question,
             question == LinkType::Hello ? static_cast<std::uint32_t>(::getpid()) : claim_, "");
        heard = receive_until(answer, end, over);
    }
    return heard == Heard::Answer;
}

/// Who says something has not forgotten us.
BootLinkClient::Heard BootLinkClient::receive_until(LinkType last, MonotonicTime end,
                                                    HandOver& over) {
    MonotonicTime patience = std::min(end, monotonic_now() + kAskAgain);
    for (;;) {
        LinkPacket packet = receive_link(link_.get());
        if (packet.read == LinkRead::Closed) {
            return Heard::Closed;
        }
        if (packet.read == LinkRead::Nothing) {
            pollfd readable{link_.get(), POLLIN, 0};
            if (::poll(&readable, 1, left_until(patience)) == 0) {
                return Heard::Silence;
            }
            continue;
        }
        patience = std::min(end, monotonic_now() + kAskAgain);
        const bool is_last = packet.read == LinkRead::Message && packet.message.type == last &&
                             (last == LinkType::Welcome || packet.message.value == claim_);
        if (packet.read == LinkRead::Message) {
            take(std::move(packet), over);
        }
        if (is_last) {
            return Heard::Answer;
        }
    }
}

void BootLinkClient::take(LinkPacket packet, HandOver& over) {
    const LinkMessage& message = packet.message;
    if (message.type == LinkType::Welcome) {
        greeting_ = message.greeting;
    } else if (message.type == LinkType::Accepted) {
        accepted_ = message.value;
    } else if (message.type == LinkType::Stop) {
        stop_asked_ = stop_of(message);
    } else if (message.type == LinkType::HandOverBegin) {
        // A PID 1 that was replaced in the middle of it tells all of it again.
        over = HandOver();
        is_handing_over_ = message.value == claim_;
    }
    if (!is_handing_over_) {
        return;
    }
    const bool is_whole = !packet.is_truncated && packet.descriptors.size() > 0;
    if (message.type == LinkType::Table && is_whole) {
        over.table = std::move(packet.descriptors[0]);
    } else if (message.type == LinkType::Adopted && is_whole) {
        over.processes.push_back({message.process, std::move(packet.descriptors[0]), 0});
    } else if (message.type == LinkType::Exited) {
        take_exit(message, over);
    } else if (message.type == LinkType::Kept && is_whole) {
        Kept kept{static_cast<KeptKind>(message.key.kind), message.key.id, {}};
        for (UniqueFd& fd : packet.descriptors) {
            kept.descriptors.push_back(std::move(fd));
        }
        over.kept.push_back(std::move(kept));
    }
}

/// Of one that was handed over alive a moment ago, where it ended meanwhile: that counts.
void BootLinkClient::take_exit(const LinkMessage& message, HandOver& over) {
    const LinkProcess& ended = message.process;
    const auto same = std::find_if(
        over.processes.begin(), over.processes.end(), [&ended](const HandOver::Process& each) {
            return each.process.pid == ended.pid && each.process.service == ended.service &&
                   each.process.generation == ended.generation;
        });
    HandOver::Process told{ended, UniqueFd(), message.value};
    if (same != over.processes.end()) {
        *same = std::move(told);
    } else {
        over.processes.push_back(std::move(told));
    }
}

// --- while we run -------------------------------------------------------------------------------

void BootLinkClient::listen(Listener listener) {
    listener_ = std::move(listener);
    if (is_there()) {
        watch_ = loop_.watch_readable(link_.get(), [this] { look(); });
    }
    if (stop_asked_) {
        loop_.call_after(Duration::zero(), [this, after = *stop_asked_] { listener_.stop(after); });
        stop_asked_.reset();
    }
}

void BootLinkClient::look() {
    while (is_there()) {
        const LinkPacket packet = receive_link(link_.get());
        switch (packet.read) {
            case LinkRead::Nothing:
                return send_waiting();
            case LinkRead::Invalid:
                journal_.warning("boot link: a message that is none was ignored");
                break;
            case LinkRead::Closed:
                watch_.reset();
                link_.reset();
                return listener_.closed();
            case LinkRead::Message:
                handle(packet.message);
                break;
        }
    }
}

void BootLinkClient::handle(const LinkMessage& message) {
    if (message.type == LinkType::Stop) {
        listener_.stop(stop_of(message));
    } else if (message.type == LinkType::Accepted) {
        accepted_ = message.value;
    } else if (message.type == LinkType::Refused) {
        say_lost(message);
    } else if (message.type == LinkType::Exited) {
        listener_.exited(message.process);
        exit_recorded(message.value);
    }
}

/// Once: where one is refused, many are.
void BootLinkClient::say_lost(const LinkMessage& message) {
    if (!std::exchange(said_lost_, true)) {
        journal_.warning(std::string("boot link: PID 1 does not keep everything: ") +
                         errno_text(static_cast<int>(message.reason)) +
                         "; should the supervisor crash, some services lose their output or are "
                         "not heard any more");
    }
}

// --- what is sent -------------------------------------------------------------------------------

void BootLinkClient::send(LinkType type, std::uint32_t value, std::string_view text) {
    if (!is_there()) {
        return;
    }
    LinkMessage message = message_of(type, value);
    message.text.append(text);
    message.greeting.version = kLinkVersion;
    message.sequence = ++sequence_;
    auto sent = send_link(link_.get(), message);
    for (int tries = 1; !sent && may_go_later(sent.error().code) && tries < kMostTries; ++tries) {
        ::poll(nullptr, 0, static_cast<int>(kPauseOfTries.count()));
        sent = send_link(link_.get(), message);
    }
    if (!sent && sent.error().code != EPIPE) {
        journal_.error(std::string("boot link: send: ") + errno_text(sent.error().code));
    }
}

void BootLinkClient::keep(KeptKind kind, std::uint32_t id, std::span<const int> descriptors) {
    LinkMessage message =
        message_of(LinkType::Keep, static_cast<std::uint32_t>(descriptors.size()));
    message.key = {static_cast<std::uint16_t>(kind), id};
    queue(message, descriptors);
}

void BootLinkClient::drop(KeptKind kind, std::uint32_t id) {
    LinkMessage message = message_of(LinkType::Drop, 0);
    message.key = {static_cast<std::uint16_t>(kind), id};
    queue(message, {});
}

void BootLinkClient::keep_table(int table) {
    queue(message_of(LinkType::Table, 0), {&table, 1});
}

void BootLinkClient::exit_recorded(std::uint32_t number) {
    queue(message_of(LinkType::ExitRecorded, number), {});
}

void BootLinkClient::queue(LinkMessage message, std::span<const int> descriptors) {
    if (!is_there() || !keeps()) {
        return;
    }
    if (waiting_.empty() && try_to_send(message, descriptors)) {
        return;
    }
    waiting_.push_back({message, copies_of(descriptors)});
    send_later();
}

/// What is accepted next makes room; where nothing is on its way, nobody says when there is some.
void BootLinkClient::send_later() {
    if (!std::exchange(tries_later_, true)) {
        loop_.call_after(kPauseWhileFull, [this] {
            tries_later_ = false;
            send_waiting();
        });
    }
}

/// @returns false where it has to wait for its turn
bool BootLinkClient::try_to_send(LinkMessage& message, std::span<const int> descriptors) {
    if (sequence_ - accepted_ >= kMaxLinkInFlight) {
        return false;
    }
    message.sequence = sequence_ + 1;
    const auto sent = send_link(link_.get(), message, descriptors);
    const int code = sent ? 0 : sent.error().code;
    if (may_go_later(code)) {
        return false;
    }
    ++sequence_;
    if (code != 0 && code != EPIPE) {
        journal_.error(std::string("boot link: send: ") + errno_text(code));
    }
    return true;
}

void BootLinkClient::send_waiting() {
    while (!waiting_.empty()) {
        Waiting& first = waiting_.front();
        const std::vector<int> numbers = numbers_of(first.descriptors);
        if (!try_to_send(first.message, numbers)) {
            return send_later();
        }
        waiting_.pop_front();
    }
}

}  // namespace mainstay::supervisor
