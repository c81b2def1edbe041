#include "init/services_keeper.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "common/error.h"
#include "common/paths.h"

namespace mainstay::init {

void ServicesKeeper::open() noexcept {
    log_.open_container();
    limits_.take_and_raise();
    Result<void> opened = signals_.open();
    if (opened) {
        opened = keeper_.prepare();
    }
    is_open_ = opened.has_value();
    if (!is_open_) {
        log_.warning(
            "keeper: %s: %s; what services store and who waits at their sockets is lost "
            "if the supervisor is killed",
            opened.error().action, errno_text(opened.error().code));
    }
}

Result<UniqueFd> ServicesKeeper::renew_link() noexcept {
    return is_open_ ? link_.renew() : Result<UniqueFd>(UniqueFd());
}

void ServicesKeeper::hand_over(int link) const noexcept {
    limits_.restore();
    if (link >= 0) {
        hand_over_link(link);
        (void)::setenv(kLinkRoleVariable, "keeper", 1);
    }
}

int ServicesKeeper::wait(MonotonicTime due) noexcept {
    link_.say_what_is_due(log_);
    std::array<pollfd, 2> watched{{{signals_.fd(), POLLIN, 0}, {link_.fd(), link_.events(), 0}}};
    const MonotonicTime next = std::min(due, link_.retry_at());
    (void)::poll(watched.data(), watched.size(), poll_timeout(next, monotonic_now()));
    const auto received = signals_.next();
    return received ? received->number : 0;
}

void ServicesKeeper::listen() noexcept {
    // Bounded, so that a supervisor gone mad cannot keep init from its other work.
    constexpr int kMostAtOnce = 64;
    for (int taken = 0; taken < kMostAtOnce && link_.fd() >= 0; ++taken) {
        if (link_.next(log_) == SupervisorLink::Heard::Nothing) {
            return;
        }
    }
}

bool ServicesKeeper::bury(pid_t reaped_before, Keeper::Kin& kin) noexcept {
    if (!is_open_) {
        return false;
    }
    // What it said before it died counts: more than a socket holds it cannot have said.
    constexpr int kMostLastWords = 1024;
    for (int heard = 0; heard < kMostLastWords && link_.fd() >= 0; ++heard) {
        if (link_.next_of_dead(log_) == SupervisorLink::Heard::Nothing) {
            break;
        }
    }
    const bool has_stopped = link_.has_stopped();
    link_.close();
    if (has_stopped) {
        keeper_.forget_everything();
    } else {
        keeper_.supervisor_died(reaped_before, kin, log_);
    }
    return has_stopped;
}

void ServicesKeeper::handle_exit(pid_t pid, int wait_status) noexcept {
    if (is_open_) {
        (void)keeper_.state().processes.ended_with(pid, wait_status);
    }
}

}  // namespace mainstay::init
