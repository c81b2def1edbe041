#include "supervisor/watch_set.h"

#include <array>
#include <cerrno>
#include <system_error>

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kEventsOfATurn = 64;

[[noreturn]] void refuse(const char* what) {
    throw std::system_error(errno, std::system_category(), what);
}

}  // namespace

WatchSet::WatchSet() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_.valid()) {
        refuse("epoll_create1");
    }
}

std::shared_ptr<Watch::State> WatchSet::add(int fd, std::uint32_t events,
                                            std::function<void()> callback) {
    auto state = std::make_shared<Watch::State>(*this, fd, events, std::move(callback));
    if (!enter(*state)) {
        late_.push_back(state);
    }
    return state;
}

/// @returns false where it may succeed later
bool WatchSet::enter(Watch::State& state) {
    epoll_event event{};
    event.events = state.events;
    event.data.ptr = &state;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, state.fd, &event) == 0) {
        return true;
    }
    if (errno != ENOMEM && errno != ENOSPC) {
        refuse("epoll_ctl");
    }
    return false;
}

void WatchSet::enter_late() {
    std::erase_if(late_, [this](const auto& state) { return enter(*state); });
}

void WatchSet::remove(const std::shared_ptr<Watch::State>& state) noexcept {
    state->ended = true;
    std::erase(late_, state);
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, state->fd, nullptr);
    if (dispatching_) {
        ended_.push_back(state);  // its event may be among those that were asked for
    }
}

void WatchSet::dispatch() {
    std::array<epoll_event, kEventsOfATurn> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), 0);
    dispatching_ = true;
    for (int i = 0; i < count; ++i) {
        const auto* state =
            static_cast<Watch::State*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (!state->ended) {
            state->callback();
        }
    }
    dispatching_ = false;
    ended_.clear();
}

}  // namespace mainstay::supervisor
