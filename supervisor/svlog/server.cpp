#include "supervisor/svlog/server.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "common/error.h"
#include "common/fd_io.h"
#include "common/units.h"

namespace mainstay::svlog {
namespace {

/// What is read of one service before another gets its turn.
constexpr std::size_t kReadSize = std::size_t{256} * 1024;
/// What a pipe holds unless it is asked to hold more, and what those who write much are given:
/// the most that pipe-max-size allows by default (pipe(7)).
constexpr std::size_t kUsualPipe = std::size_t{64} * 1024;
constexpr int kLargePipe = 1024 * 1024;
constexpr int kEventsOfATurn = 64;
constexpr int kMessagesOfATurn = 64;
/// Replies that wait for room. The supervisor has fewer messages under way than this.
constexpr std::size_t kMostWaiting = 1024;

/// What an event of epoll is about; a service's is its slot.
constexpr std::uint64_t kLinkEvent = std::uint64_t{1} << 32U;
constexpr std::uint64_t kSignalEvent = kLinkEvent + 1;
constexpr std::uint64_t kMountEvent = kLinkEvent + 2;

constexpr int kExitDone = 0;
constexpr int kExitCannotRun = 1;

}  // namespace

Server::Server(UniqueFd link, UniqueFd signals, const std::string& directory)
    : link_(std::move(link)), signals_(std::move(signals)), filing_(directory, *this) {
    if (!directory.empty()) {
        // Without it there is no telling when a file system becomes writable; time tells then.
        if (auto mounts = open_file("/proc/self/mountinfo", O_RDONLY)) {
            mounts_ = std::move(*mounts);
        }
    }
}

int Server::run() {
    if (!prepare()) {
        return kExitCannotRun;
    }
    while (!ending_ && !has_no_memory_ && (!is_alone_ || has_pipes())) {
        turn(time_to_wait());
    }
    if (!has_no_memory_) {
        drain_all();
    }
    // Nothing is lost: whoever comes next goes on from here.
    return has_no_memory_ ? kExitCannotRun : kExitDone;
}

Result<void> Server::prepare() {
    epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
    TRY_VOID(watch(link_.get(), EPOLLIN, kLinkEvent));
    TRY_VOID(watch(signals_.get(), EPOLLIN, kSignalEvent));
    if (mounts_.valid()) {
        TRY_VOID(watch(mounts_.get(), EPOLLPRI, kMountEvent));
    }
    return {};
}

Result<void> Server::watch(int fd, std::uint32_t events, std::uint64_t what) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = what;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) < 0
               ? Result<void>(last_error("epoll_ctl"))
               : Result<void>();
}

int Server::time_to_wait() const noexcept {
    const MonotonicTime due = filing_.due();
    if (due == MonotonicTime::max()) {
        return -1;
    }
    constexpr std::int64_t kLongest = 3'600'000;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - monotonic_now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, kLongest));
}

void Server::turn(int wait) {
    std::array<epoll_event, kEventsOfATurn> events;
    // Those that stay readable go to the end of the kernel's list: nobody is starved.
    const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsOfATurn, wait);
    for (int i = 0; i < count; ++i) {
        const std::uint64_t what = events[static_cast<std::size_t>(i)].data.u64;
        if (what == kLinkEvent) {
            on_link();
        } else if (what == kSignalEvent) {
            on_signals();
        } else if (what == kMountEvent) {
            filing_.mounts_changed(all());
        } else if (Source* source = find(static_cast<std::uint32_t>(what))) {
            read_once(*source);
        }
    }
    if (monotonic_now() >= filing_.due()) {
        filing_.tick(all());
    }
    acknowledge();
}

void Server::on_signals() {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            filing_.reopen(all());
        } else if (info.ssi_signo == SIGALRM) {
            filing_.rotate(all());
        } else {
            ending_ = true;
        }
    }
}

// --- the link ---------------------------------------------------------------------------------

void Server::on_link() {
    send_waiting();
    for (int i = 0; i < kMessagesOfATurn; ++i) {
        auto received = receive_message(link_.get());
        if (!received) {
            if (!may_pass(received.error().code)) {
                supervisor_died();
            }
            return;
        }
        obey(std::move(*received));
    }
}

/// Services that outlive it write on, and so do we.
void Server::supervisor_died() {
    is_alone_ = true;
    waiting_.clear();
    link_.reset();
}

void Server::obey(Received received) {
    if (!received.message) {
        return;
    }
    const Message& message = *received.message;
    if (message.type == MessageType::Setup) {
        auto& [memory, read_end, write_end] = received.passed;
        set_up(message, {std::move(memory), {std::move(read_end), std::move(write_end)}});
        return;
    }
    if (message.type == MessageType::Finish) {
        ending_ = true;
        return;
    }
    const bool is_order = message.type == MessageType::Add || message.type == MessageType::Change ||
                          message.type == MessageType::Remove;
    if (!is_order) {
        return;
    }
    if (!intake_ || message.slot >= kArenaShape.slots) {
        tell({MessageType::Refused, message.slot, EINVAL, {}, {}});
    } else if (message.type == MessageType::Add) {
        add(message, std::move(received.passed[0]));
    } else if (message.type == MessageType::Change) {
        change(message);
    } else {
        remove(message.slot);
    }
}

void Server::set_up(const Message& message, ArenaDescriptors descriptors) {
    const auto taken = message.number != kLinkVersion || intake_
                           ? Error{"another version of the link", EPROTO}
                           : take_arena(std::move(descriptors));
    if (!taken) {
        notice(Kind::Warning, std::string("the supervisor's memory for output cannot be used: ") +
                                  taken.error().action + ": " + errno_text(taken.error().code));
        ending_ = true;
        return;
    }
    filing_.set_arena(memory_.arena());
    if (message.slot != kNoGroup) {
        filing_.set_group(message.slot);
    }
}

Result<void> Server::take_arena(ArenaDescriptors descriptors) {
    TRY(memory_, ArenaMapping::map(descriptors.memory.get()));
    TRY(descriptors_, place(std::move(descriptors)));
    TRY_VOID(become_writer(descriptors_.memory.get()));
    forget_pipes();
    intake_.emplace(memory_.arena(), descriptors_.stage);
    return {};
}

/// Those of a svlog before us: the numbers are others here.
void Server::forget_pipes() noexcept {
    const Arena arena = memory_.arena();
    const std::uint32_t used = std::min(load(arena.header().used_slots), arena.shape().slots);
    for (std::uint32_t slot = 0; slot < used; ++slot) {
        store(arena.slot(slot).pipe, std::uint32_t{0});
    }
}

void Server::add(const Message& message, UniqueFd pipe) {
    if (message.slot >= sources_.size()) {
        sources_.resize(message.slot + 1);
    }
    auto source = std::make_unique<Source>();
    source->slot = message.slot;
    source->name = message.text;
    source->settings = message.settings;
    source->pipe = std::move(pipe);
    // A descriptor that did not fit into our limit did not come: the service would wait for ever.
    if (!source->pipe.valid() || !watch(source->pipe.get(), EPOLLIN, message.slot)) {
        tell({MessageType::Refused, message.slot, EMFILE, {}, {}});
        return;
    }
    store(memory_.arena().slot(message.slot).taking, std::uint32_t{0});
    store(memory_.arena().slot(message.slot).pipe,
          static_cast<std::uint32_t>(source->pipe.get()) + 1);
    intake_->writer().set_limit(message.slot, message.settings.memory);
    sources_[message.slot] = std::move(source);
    filing_.begin(*sources_[message.slot]);
    trim(*sources_[message.slot]);
    ++carried_out_;
}

void Server::change(const Message& message) {
    if (Source* source = find(message.slot)) {
        const Settings before = std::exchange(source->settings, message.settings);
        intake_->writer().set_limit(message.slot, message.settings.memory);
        trim(*source);
        if (before.max_age != message.settings.max_age) {
            filing_.age_limit_changed(*source);
        }
    }
    ++carried_out_;
}

void Server::remove(std::uint32_t slot) {
    if (Source* source = find(slot)) {
        drain(*source);
        filing_.finish(*source);
        store(memory_.arena().slot(slot).pipe, std::uint32_t{0});
        sources_[slot].reset();
    }
    intake_->writer().forget(slot);
    tell({MessageType::Removed, slot, 0, {}, {}});
    ++carried_out_;
}

void Server::acknowledge() {
    if (carried_out_ > 0) {
        tell({MessageType::Done, 0, std::exchange(carried_out_, 0), {}, {}});
    }
}

void Server::notice(Kind kind, std::string_view text) {
    if (waiting_.size() >= kMostWaiting / 2) {
        ++dropped_notices_;
        return;
    }
    std::string whole(text);
    if (dropped_notices_ > 0) {
        whole += " (and ";
        whole += counted(std::exchange(dropped_notices_, 0), "more message").view();
        whole += ")";
    }
    tell({MessageType::Notice, 0, kind == Kind::Warning ? 1U : 2U, {}, std::move(whole)});
}

void Server::tell(Message message) {
    if (waiting_.size() < kMostWaiting) {
        waiting_.push_back(std::move(message));
    }
    send_waiting();
}

void Server::send_waiting() {
    while (!waiting_.empty()) {
        if (const auto sent = send_message(link_.get(), waiting_.front()); !sent) {
            if (!may_pass(sent.error().code)) {
                waiting_.clear();  // nobody listens any more; the link tells so too
            }
            break;
        }
        waiting_.pop_front();
    }
    if (link_is_full_ == waiting_.empty()) {
        link_is_full_ = !waiting_.empty();
        epoll_event event{};
        event.events = link_is_full_ ? EPOLLIN | EPOLLOUT : EPOLLIN;
        event.data.u64 = kLinkEvent;
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, link_.get(), &event);
    }
}

// --- the pipes --------------------------------------------------------------------------------

Source* Server::find(std::uint32_t slot) noexcept {
    return slot < sources_.size() ? sources_[slot].get() : nullptr;
}

std::vector<Source*> Server::all() const {
    std::vector<Source*> found;
    for (const auto& source : sources_) {
        if (source) {
            found.push_back(source.get());
        }
    }
    return found;
}

bool Server::has_pipes() const noexcept {
    return std::any_of(sources_.begin(), sources_.end(),
                       [](const auto& source) { return source && source->pipe.valid(); });
}

void Server::read_once(Source& source) {
    if (!take(source, kReadSize)) {
        pipe_ended(source);
    }
}

/// Reads once. @returns false where nobody can write any more.
bool Server::take(Source& source, std::size_t most) {
    ArenaSlot& slot = memory_.arena().slot(source.slot);
    store(slot.taking, std::uint32_t{1});
    const auto taken = intake_->take(source.slot, source.pipe.get(), std::min(most, kReadSize),
                                     filing_.needed_from(source));
    store(slot.taking, std::uint32_t{0});
    if (taken.state == Intake::PipeState::Refused) {
        has_no_memory_ = true;
    }
    if (taken.size == 0) {
        return taken.state != Intake::PipeState::Ended;
    }
    if (take_wanted(slot)) {
        tell({MessageType::News, source.slot, 0, {}, {}});
    }
    if (taken.size >= kUsualPipe) {
        enlarge(source);
    }
    filing_.take(source);
    trim(source);
    return true;
}

void Server::trim(const Source& source) {
    intake_->writer().trim(source.slot, filing_.needed_from(source));
}

/// Who fills its pipe between two looks gets a larger one: fewer turns for both sides.
void Server::enlarge(Source& source) const noexcept {
    if (!std::exchange(source.is_large, true)) {
        ::fcntl(source.pipe.get(), F_SETPIPE_SZ, kLargePipe);
    }
}

/// What was written before this call; one who goes on writing does not hold it up.
void Server::drain(Source& source) {
    auto left = static_cast<std::size_t>(kLargePipe);
    while (left > 0 && source.pipe.valid()) {
        const std::uint64_t before = load(memory_.arena().slot(source.slot).end);
        if (!take(source, left)) {
            pipe_ended(source);
        }
        const std::uint64_t taken = load(memory_.arena().slot(source.slot).end) - before;
        if (taken == 0) {
            break;
        }
        left -= std::min<std::size_t>(left, taken);
    }
}

void Server::drain_all() {
    for (Source* source : all()) {
        drain(*source);
        filing_.finish(*source);
    }
}

void Server::pipe_ended(Source& source) {
    store(memory_.arena().slot(source.slot).pipe, std::uint32_t{0});
    source.pipe.reset();
    filing_.finish(source);
}

}  // namespace mainstay::svlog
