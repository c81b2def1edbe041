#include "supervisor/loop.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <utility>

namespace mainstay::supervisor {

namespace asio = boost::asio;

namespace {
constexpr std::chrono::milliseconds kPauseAfterFailure{100};
}

struct Watch::State : std::enable_shared_from_this<Watch::State> {
    using Kind = asio::posix::stream_descriptor::wait_type;

    State(asio::io_context& io, Kind what, std::function<void()> call)
        : descriptor(io), pause(io), kind(what), callback(std::move(call)) {}

    /// The kernel may have no memory for it, or no room among the user's watches (epoll_ctl(2)): it
    /// is tried until there is, as nobody could go on without.
    void begin(int fd) {
        boost::system::error_code failure;
        descriptor.assign(fd, failure);
        if (!failure) {
            return wait();
        }
        pause.expires_after(kPauseAfterFailure);
        pause.async_wait([self = shared_from_this(), fd](const boost::system::error_code& error) {
            if (!error && !self->ended) {
                self->begin(fd);
            }
        });
    }

    void wait() {
        descriptor.async_wait(kind,
                              [self = shared_from_this()](const boost::system::error_code& error) {
                                  if (error || self->ended) {
                                      return;
                                  }
                                  self->callback();
                                  if (!self->ended) {
                                      self->wait();
                                  }
                              });
    }

    asio::posix::stream_descriptor descriptor;
    asio::steady_timer pause;
    Kind kind;
    std::function<void()> callback;
    bool ended = false;
};

Watch& Watch::operator=(Watch&& other) noexcept {
    if (this != &other) {
        reset();
        state_ = std::move(other.state_);
    }
    return *this;
}

void Watch::reset() noexcept {
    if (state_) {
        state_->ended = true;
        // The descriptor is borrowed: taken back, not closed. Its waiting handler ends with an
        // error and drops the last reference.
        if (state_->descriptor.is_open()) {
            state_->descriptor.release();
        }
        state_.reset();
    }
}

/// All timers are one Asio timer, set to the earliest.
struct Loop::Impl {
    asio::io_context io{1};
    asio::steady_timer timer{io};
    std::map<std::pair<MonotonicTime, TimerId>, std::function<void()>> due;
    std::map<TimerId, MonotonicTime> by_id;
    TimerId last_id = kNoTimer;

    void set_to_earliest() {
        if (due.empty()) {
            return;
        }
        const Duration since_start = due.begin()->first.first.time_since_epoch();
        timer.expires_at(asio::steady_timer::time_point(
            std::chrono::duration_cast<asio::steady_timer::duration>(since_start)));
        timer.async_wait([this](const boost::system::error_code& error) {
            if (!error) {
                fire();
            }
        });
    }

    void fire() {
        const MonotonicTime now = monotonic_now();
        while (!due.empty() && due.begin()->first.first <= now) {
            auto first = due.extract(due.begin());
            by_id.erase(first.key().second);
            first.mapped()();
        }
        set_to_earliest();
    }
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

void Loop::run() {
    const auto work = asio::make_work_guard(impl_->io);
    impl_->io.run();
}

void Loop::stop() noexcept {
    impl_->io.stop();
}

void Loop::run_what_is_ready() {
    impl_->io.restart();
    impl_->io.poll();
}

MonotonicTime Loop::now() const noexcept {
    return monotonic_now();
}

Duration Loop::age_clock() const noexcept {
    return boottime_now();
}

TimerId Loop::call_after(Duration delay, std::function<void()> callback) {
    const TimerId id = ++impl_->last_id;
    const MonotonicTime when = monotonic_now() + delay;
    impl_->by_id[id] = when;
    const auto added = impl_->due.emplace(std::pair(when, id), std::move(callback)).first;
    if (added == impl_->due.begin()) {
        impl_->set_to_earliest();
    }
    return id;
}

void Loop::cancel(TimerId timer) noexcept {
    const auto found = impl_->by_id.find(timer);
    if (found == impl_->by_id.end()) {
        return;
    }
    // The Asio timer stays as it is: it fires once for nothing at most, and finds nothing due.
    impl_->due.erase(impl_->due.find(std::pair(found->second, timer)));
    impl_->by_id.erase(found);
}

Watch Loop::watch_readable(int fd, std::function<void()> callback) {
    auto state = std::make_shared<Watch::State>(
        impl_->io, asio::posix::stream_descriptor::wait_read, std::move(callback));
    state->begin(fd);
    return Watch(std::move(state));
}

Watch Loop::watch_exceptional(int fd, std::function<void()> callback) {
    auto state = std::make_shared<Watch::State>(
        impl_->io, asio::posix::stream_descriptor::wait_error, std::move(callback));
    state->begin(fd);
    return Watch(std::move(state));
}

asio::io_context& Loop::io() noexcept {
    return impl_->io;
}

}  // namespace mainstay::supervisor
