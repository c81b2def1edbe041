#include "supervisor/log_takeover.h"

#include <sys/epoll.h>

#include <array>
#include <utility>

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

LogTakeover::LogTakeover(Loop& loop, svlog::Arena arena, const svlog::ArenaDescriptors& descriptors,
                         std::function<void()> news)
    : arena_(arena),
      memory_(descriptors.memory.get()),
      intake_(arena, descriptors.stage),
      news_(std::move(news)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    // Nobody else has it. Whoever comes after us should we die can see that it was us.
    static_cast<void>(svlog::become_writer(memory_));
    if (epoll_.valid()) {
        watch_ = loop.watch_readable(epoll_.get(), [this] { on_readable(); });
    }
}

LogTakeover::~LogTakeover() {
    svlog::give_up_writing(memory_);
}

Result<void> LogTakeover::add(std::uint32_t slot, int pipe, std::uint64_t memory) {
    svlog::store(arena_.slot(slot).taking, std::uint32_t{0});
    intake_.writer().set_limit(slot, memory);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = pack(slot, pipe);
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, pipe, &event) < 0
               ? Result<void>(last_error("epoll_ctl"))
               : Result<void>();
}

void LogTakeover::read_all(std::uint32_t slot, int pipe) {
    while (intake_.take(slot, pipe, kReadSize, 0).size > 0) {
    }
}

void LogTakeover::on_readable() {
    std::array<epoll_event, kEventsOfATurn> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsOfATurn, 0);
    for (int i = 0; i < count; ++i) {
        const std::uint64_t what = events[static_cast<std::size_t>(i)].data.u64;
        const int pipe = static_cast<int>(what & 0xffffffffU);
        const auto taken = take(static_cast<std::uint32_t>(what >> 32U), pipe);
        if (taken.state != svlog::Intake::PipeState::Open) {
            // It has ended, or there is no memory: then it waits for svlog, and loses nothing.
            ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, pipe, nullptr);
        }
    }
}

svlog::Intake::Taken LogTakeover::take(std::uint32_t slot, int pipe) {
    const std::uint64_t end = svlog::load(arena_.slot(slot).end);
    const auto taken = intake_.take(slot, pipe, kReadSize, end);
    if (taken.size > 0) {
        intake_.writer().trim(slot, end + taken.size);
        if (svlog::take_wanted(arena_.slot(slot))) {
            news_();
        }
    }
    return taken;
}

}  // namespace mainstay::supervisor
