#include "supervisor/watch_set.h"

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kEventsOfATurn = 64;

[[noreturn]] void refuse(const char* what) {
    throw std::system_error(errno, std::system_category(), what);
}

}  // namespace

struct WatchSet::Entry final : Watch::State {
    Entry(WatchSet& owner, int watched, std::uint32_t what, std::function<void()> call)
        : State(std::move(call)), set(owner), fd(watched), events(what) {}
    void end() noexcept override { set.remove(*this); }

    WatchSet& set;
    int fd;
    std::uint32_t events;
    bool is_stuck = false;
};

WatchSet::WatchSet() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_.valid()) {
        refuse("epoll_create1");
    }
}

std::shared_ptr<Watch::State> WatchSet::add(int fd, std::uint32_t events,
                                            std::function<void()> callback) {
    auto entry = std::make_shared<Entry>(*this, fd, events, std::move(callback));
    if (!enter(*entry)) {
        late_.push_back(entry);
    }
    return entry;
}

/// @returns false where it may succeed later
bool WatchSet::enter(Entry& entry) {
    epoll_event event{};
    event.events = entry.events;
    event.data.ptr = &entry;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, entry.fd, &event) == 0) {
        return true;
    }
    if (errno != ENOMEM && errno != ENOSPC) {
        refuse("epoll_ctl");
    }
    return false;
}

void WatchSet::enter_late() {
    std::erase_if(late_, [this](const auto& entry) { return enter(*entry); });
}

/// What the kernel does not give up stays in memory, as it may be named at any time.
void WatchSet::remove(Entry& entry) noexcept {
    entry.ended = true;
    const auto is_it = [&](const auto& late) { return late.get() == &entry; };
    const bool was_late = std::erase_if(late_, is_it) > 0;
    if (!was_late && ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, entry.fd, nullptr) < 0) {
        entry.is_stuck = true;
        stuck_.push_back(std::static_pointer_cast<Entry>(entry.shared_from_this()));
    } else if (dispatching_) {
        ended_.push_back(entry.shared_from_this());  // its event may be among those asked for
    }
}

void WatchSet::end_with_a_word(const Entry& entry) {
    throw std::logic_error("descriptor " + std::to_string(entry.fd) +
                           " was closed while it was watched");
}

void WatchSet::dispatch() {
    std::array<epoll_event, kEventsOfATurn> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), 0);
    dispatching_ = true;
    for (int i = 0; i < count; ++i) {
        const auto* entry = static_cast<Entry*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (entry->is_stuck) {
            end_with_a_word(*entry);
        }
        if (!entry->ended) {
            entry->callback();
        }
    }
    dispatching_ = false;
    ended_.clear();
}

}  // namespace mainstay::supervisor
