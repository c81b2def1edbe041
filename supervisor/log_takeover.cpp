#include "supervisor/log_takeover.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace mainstay::supervisor {
namespace {

/// What a pipe holds by default: more than this a service does not get rid of in one turn of the
/// loop, however fast it writes.
constexpr std::size_t kReadSize = std::size_t{64} * 1024;
constexpr int kEventsOfATurn = 16;

/// Slot and descriptor in one word.
std::uint64_t pack(std::uint32_t slot, int pipe) noexcept {
    return std::uint64_t{slot} << 32U | static_cast<std::uint32_t>(pipe);
}

}  // namespace

LogTakeover::LogTakeover(Loop& loop, svlog::Arena arena, std::function<void()> news)
    : arena_(arena),
      writer_(arena),
      news_(std::move(news)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      buffer_(kReadSize) {
    if (epoll_.valid()) {
        watch_ = loop.watch_readable(epoll_.get(), [this] { on_readable(); });
    }
}

Result<void> LogTakeover::add(std::uint32_t slot, int pipe, std::uint64_t memory) {
    svlog::store(arena_.slot(slot).taking, std::uint32_t{0});
    writer_.set_limit(slot, memory);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = pack(slot, pipe);
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, pipe, &event) < 0
               ? Result<void>(last_error("epoll_ctl"))
               : Result<void>();
}

void LogTakeover::on_readable() {
    std::array<epoll_event, kEventsOfATurn> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsOfATurn, 0);
    for (int i = 0; i < count; ++i) {
        const std::uint64_t what = events[static_cast<std::size_t>(i)].data.u64;
        const int pipe = static_cast<int>(what & 0xffffffffU);
        if (take(static_cast<std::uint32_t>(what >> 32U), pipe) == PipeState::Ended) {
            ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, pipe, nullptr);
        }
    }
}

LogTakeover::PipeState LogTakeover::take(std::uint32_t slot, int pipe) {
    const ssize_t count = ::read(pipe, buffer_.data(), buffer_.size());
    if (count <= 0) {
        return count < 0 && (errno == EAGAIN || errno == EINTR) ? PipeState::Open
                                                                : PipeState::Ended;
    }
    writer_.append(slot, {buffer_.data(), static_cast<std::size_t>(count)});
    if (svlog::take_wanted(arena_.slot(slot))) {
        news_();
    }
    return PipeState::Open;
}

}  // namespace mainstay::supervisor
