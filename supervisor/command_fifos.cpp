#include "supervisor/command_fifos.h"

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kEventsOfATurn = 64;
constexpr Duration kPauseBeforeLate = std::chrono::milliseconds(100);

[[noreturn]] void refuse(const char* what) {
    throw std::system_error(errno, std::system_category(), what);
}

}  // namespace

CommandFifos::CommandFifos(Loop& loop, std::function<void(ServiceId)> on_commands)
    : loop_(loop), on_commands_(std::move(on_commands)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_.valid()) {
        refuse("epoll_create1");
    }
    watch_ = loop_.watch_readable(epoll_.get(), [this] { dispatch(); });
}

void CommandFifos::listen(int fifo, ServiceId service) {
    if (!enter(fifo, service)) {
        late_[fifo] = service;
        enter_late();
    }
}

void CommandFifos::leave(int fifo) {
    if (late_.erase(fifo) == 0) {
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fifo, nullptr);
    }
}

void CommandFifos::close() noexcept {
    watch_.reset();
    late_.clear();
    epoll_.reset();
}

/// @returns false where it may succeed later
bool CommandFifos::enter(int fifo, ServiceId service) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = service;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fifo, &event) == 0 || errno == EEXIST) {
        return true;
    }
    if (errno != ENOMEM && errno != ENOSPC) {
        refuse("epoll_ctl");
    }
    return false;
}

void CommandFifos::enter_late() {
    if (late_.empty() || std::exchange(tries_late_, true)) {
        return;
    }
    loop_.call_after(kPauseBeforeLate, [this] {
        tries_late_ = false;
        std::erase_if(late_, [this](const auto& each) { return enter(each.first, each.second); });
        enter_late();
    });
}

void CommandFifos::dispatch() {
    std::array<epoll_event, kEventsOfATurn> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), 0);
    for (int i = 0; i < count; ++i) {
        on_commands_(events[static_cast<std::size_t>(i)].data.u32);
    }
}

}  // namespace mainstay::supervisor
