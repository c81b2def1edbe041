#include "supervisor/svlog_link.h"

#include <sys/socket.h>

#include <algorithm>
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

Result<void> SvlogLink::set_up(int arena, std::uint32_t group) {
    svlog::Message message;
    message.type = svlog::MessageType::Setup;
    message.slot = group;
    message.number = svlog::kLinkVersion;
    return svlog::send_message(link_.get(), message, arena);
}

void SvlogLink::add_task(const SvlogTask& task) {
    tasks_.push_back(task);
    if (in_flight_ < svlog::kMostInFlight) {
        wake_in(Duration::zero());
    }
}

void SvlogLink::close_when_sent() {
    closing_ = true;
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
            const auto sent = svlog::send_message(link_.get(), outgoing->message, outgoing->passed);
            if (!sent && (sent.error().code == EAGAIN || sent.error().code == ETOOMANYREFS)) {
                wake_in(kPauseOfAFullLink);
                return;
            }
            // Any other error is the end of the link, of which we hear by itself.
            ++in_flight_;
        }
        tasks_.pop_front();
    }
    if (closing_ && tasks_.empty()) {
        ::shutdown(link_.get(), SHUT_WR);
    }
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
