#include "supervisor/svlog_link.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "supervisor/svlog/link.h"

namespace mainstay::supervisor {
namespace {

/// For a link that takes nothing although nothing is under way in it.
constexpr Duration kPauseOfAFullLink = std::chrono::milliseconds(20);
constexpr int kMessagesOfATurn = 64;

}  // namespace

SvlogLink::SvlogLink(Loop& loop, UniqueFd link, SvlogListener& listener)
    : loop_(loop), link_(std::move(link)), listener_(listener) {
    watch_ = loop_.watch_readable(link_.get(), [this] { on_readable(); });
}

SvlogLink::~SvlogLink() {
    loop_.cancel(timer_);
}

Result<void> SvlogLink::set_up(const svlog::ArenaDescriptors& arena, std::uint32_t group) {
    svlog::Message message;
    message.type = svlog::MessageType::Setup;
    message.slot = group;
    message.number = svlog::kLinkVersion;
    const std::array passed = {arena.memory.get(), arena.stage.read_end.get(),
                               arena.stage.write_end.get()};
    return svlog::send_message(link_.get(), message, passed);
}

void SvlogLink::add_task(const SvlogTask& task) {
    tasks_.push_back(task);
    if (in_flight_ < svlog::kMostInFlight) {
        wake_in(Duration::zero());
    }
}

void SvlogLink::finish_when_sent() {
    finishing_ = true;
    wake_in(Duration::zero());
}

void SvlogLink::wake_in(Duration delay) {
    if (timer_ == kNoTimer) {
        timer_ = loop_.call_after(delay, [this] {
            timer_ = kNoTimer;
            send_tasks();
        });
    }
}

void SvlogLink::send_tasks() {
    while (!tasks_.empty() && in_flight_ < svlog::kMostInFlight) {
        const auto outgoing = listener_.message_for(tasks_.front());
        if (outgoing) {
            const std::span passed(&outgoing->passed, outgoing->passed >= 0 ? 1 : 0);
            if (!send(outgoing->message, passed)) {
                return;
            }
            ++in_flight_;
        }
        tasks_.pop_front();
    }
    if (finishing_ && tasks_.empty()) {
        svlog::Message message;
        message.type = svlog::MessageType::Finish;
        finishing_ = !send(message, {});
    }
}

/// @returns whether it is on its way; where not it is tried again soon
bool SvlogLink::send(const svlog::Message& message, std::span<const int> passed) {
    const auto sent = svlog::send_message(link_.get(), message, passed);
    if (!sent && (sent.error().code == EAGAIN || sent.error().code == ETOOMANYREFS)) {
        wake_in(kPauseOfAFullLink);
        return false;
    }
    // Any other error is the end of the link, of which we hear by itself.
    return true;
}

void SvlogLink::on_readable() {
    for (int i = 0; i < kMessagesOfATurn; ++i) {
        const auto received = svlog::receive_message(link_.get());
        if (!received) {
            if (received.error().code != EAGAIN) {
                watch_.reset();
                return listener_.svlog_hung_up();
            }
            break;
        }
        if (!received->message) {
            continue;
        }
        const svlog::Message& message = *received->message;
        if (message.type == svlog::MessageType::Done) {
            in_flight_ -= std::min(in_flight_, message.number);
        } else if (message.type == svlog::MessageType::Refused) {
            in_flight_ -= std::min(in_flight_, 1U);
        }
        listener_.svlog_says(message);
    }
    send_tasks();
}

}  // namespace mainstay::supervisor
