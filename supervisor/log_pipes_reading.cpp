/// The part of LogPipes that reads what services wrote.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor/log_lines.h"
#include "supervisor/log_pipes.h"
#include "supervisor/svlog/arena_reader.h"

namespace mainstay::supervisor {
namespace {

/// What is read of one stream at once: what a service has by default.
constexpr std::size_t kExcerptSize = std::size_t{64} * 1024;

}  // namespace

// --- the newest -------------------------------------------------------------------------------

/// What was written before the question is part of the answer: what svlog has not read yet is
/// looked up in the pipe. It may read at that very moment; then we look again, a few times. A svlog
/// that has lost its processor in between is waited for, but not for long: it may be stopped.
LogTail LogPipes::tail(ServiceId service, std::size_t count) {
    const auto slot = slot_of(service);
    if (!slot) {
        return {};
    }
    if (!memory_.is_mapped()) {
        return tail_of_pipe(*slot, count);
    }
    constexpr int kTries = 16;
    constexpr int kPauses = 20;  // of 1 ms each
    svlog::Excerpt excerpt;
    std::string pending;
    svlog::ArenaSlot& stream = arena().slot(*slot);
    for (int i = 0; i < kTries + kPauses; ++i) {
        excerpt = svlog::read_arena(arena(), *slot, 0, kExcerptSize);
        pending = read_pipe(outputs_[*slot].pipe.read_end.get());
        if (svlog::load(stream.taking) == 0 && svlog::load(stream.end) == excerpt.next) {
            break;
        }
        pending.clear();
        if (i < kTries) {
            ::sched_yield();
        } else if (svlog::load(stream.end) == excerpt.next) {
            ::poll(nullptr, 0, 1);
        } else {
            break;  // a flood, which is never at rest
        }
    }
    const Beginning beginning = excerpt.lost > 0 ? Beginning::Torn : Beginning::Whole;
    const LogCursor next = excerpt.next + pending.size();
    excerpt.bytes += pending;
    const bool is_ended = excerpt.bytes.empty() || excerpt.bytes.back() == '\n';
    return {last_lines_of(excerpt.bytes, count, beginning), next, is_ended};
}

/// While there is no svlog: it will begin with what lies in the pipe then.
LogTail LogPipes::tail_of_pipe(std::uint32_t slot, std::size_t count) {
    const std::string text = read_pipe(outputs_[slot].pipe.read_end.get());
    return {last_lines_of(text, count, Beginning::Whole), text.size(),
            text.empty() || text.back() == '\n'};
}

/// Without taking anything out of it: tee(2) into a pipe of our own.
std::string LogPipes::read_pipe(int pipe) {
    std::string text;
    int size = 0;
    if (::ioctl(pipe, FIONREAD, &size) < 0 || size <= 0) {
        return text;
    }
    if (!scratch_.read_end.valid()) {
        auto made = make_pipe(O_NONBLOCK);
        if (!made) {
            return text;
        }
        scratch_ = std::move(*made);
    }
    const ssize_t copied = ::tee(pipe, scratch_.write_end.get(), kExcerptSize, SPLICE_F_NONBLOCK);
    if (copied > 0) {
        text.resize(static_cast<std::size_t>(copied));
        const auto read = read_up_to(scratch_.read_end.get(), text);
        text.resize(read ? read->size() : 0);
    }
    return text;
}

/// Inode numbers of memory files are not given twice, and go with the memory to whoever keeps it.
std::uint64_t LogPipes::memory_number() const noexcept {
    struct stat info {};
    const int memory = arena_descriptors_.memory.get();
    return ::fstat(memory, &info) == 0 ? info.st_ino : 0;
}

LogPiece LogPipes::read_from(ServiceId service, LogCursor from) {
    const auto slot = slot_of(service);
    if (!slot || !memory_.is_mapped()) {
        return {{}, from, 0};
    }
    svlog::Excerpt excerpt = svlog::read_arena(arena(), *slot, from, kExcerptSize);
    return {std::move(excerpt.bytes), excerpt.next, excerpt.lost};
}

// --- following --------------------------------------------------------------------------------

FollowId LogPipes::follow(ServiceId service, std::function<void()> callback) {
    if (slot_of(service)) {
        static_cast<void>(make_arena());  // without it nothing comes, and what was there is told
    }
    const FollowId id = ++last_follow_;
    Follower follower{service, 0, std::move(callback)};
    follower.seen = ask_for_news(follower);
    followers_.emplace(id, std::move(follower));
    // What came between the caller's last look and this call is news, too.
    loop_.call_after(Duration::zero(), [this, id] {
        if (const auto found = followers_.find(id); found != followers_.end()) {
            found->second.callback();
        }
    });
    return id;
}

void LogPipes::unfollow(FollowId follow) {
    followers_.erase(follow);
}

LogCursor LogPipes::ask_for_news(const Follower& follower) const noexcept {
    const auto slot = slot_of(follower.service);
    if (!slot || !memory_.is_mapped()) {
        return follower.seen;
    }
    svlog::ask_for_news(arena().slot(*slot));
    return svlog::load(arena().slot(*slot).end);
}

void LogPipes::tell_followers() {
    std::vector<FollowId> ids;
    for (const auto& [id, follower] : followers_) {
        ids.push_back(id);
    }
    for (const FollowId id : ids) {
        const auto found = followers_.find(id);
        if (found == followers_.end()) {
            continue;
        }
        const LogCursor end = ask_for_news(found->second);
        if (end != std::exchange(found->second.seen, end)) {
            const auto callback = found->second.callback;  // it may end its own following
            callback();
        }
    }
}

}  // namespace mainstay::supervisor
