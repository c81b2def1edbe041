#include "supervisor/loop.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <map>
#include <optional>
#include <utility>

#include "supervisor/watch_set.h"

namespace mainstay::supervisor {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds kPauseBeforeLate{100};

/// Asio's own: /proc/self/mountinfo tells of a change to the first who polls it, and that would be
/// the epoll around a WatchSet.
struct ExceptionalWatch final : Watch::State {
    using Descriptor = asio::posix::stream_descriptor;

    ExceptionalWatch(Loop& l, int watched, std::function<void()> call)
        : State(std::move(call)), loop(l), fd(watched), descriptor(l.io()) {}

    /// Where the kernel has no room for it: tried again until it has.
    void begin() {
        boost::system::error_code error;
        descriptor.assign(fd, error);
        if (error) {
            loop.call_after(kPauseBeforeLate, [weak = weak_from_this()] {
                if (const auto self = weak.lock(); self && !self->ended) {
                    static_cast<ExceptionalWatch&>(*self).begin();
                }
            });
            return;
        }
        wait();
    }

    void wait() {
        descriptor.async_wait(Descriptor::wait_error,
                              [this, self = shared_from_this()](const auto& error) {
                                  if (error || ended) {
                                      return;
                                  }
                                  callback();
                                  if (!ended) {
                                      wait();
                                  }
                              });
    }

    /// The descriptor is borrowed: taken back, not closed. What waits ends with an error.
    void end() noexcept override {
        ended = true;
        if (descriptor.is_open()) {
            descriptor.release();
        }
    }

    Loop& loop;
    int fd;
    Descriptor descriptor;
};

}  // namespace

Watch& Watch::operator=(Watch&& other) noexcept {
    if (this != &other) {
        reset();
        state_ = std::move(other.state_);
    }
    return *this;
}

void Watch::reset() noexcept {
    if (state_) {
        std::exchange(state_, nullptr)->end();
    }
}

/// All watches but exceptional ones are one descriptor for Asio. All timers are one Asio timer, set
/// to the earliest.
struct Loop::Impl {
    asio::io_context io{1};
    WatchSet watches;
    asio::posix::stream_descriptor watched{io, watches.fd()};
    asio::steady_timer timer{io};
    std::map<std::pair<MonotonicTime, TimerId>, std::function<void()>> due;
    std::map<TimerId, MonotonicTime> by_id;
    TimerId last_id = kNoTimer;
    std::optional<MonotonicTime> waits_for;  ///< what the Asio timer is set to
    bool fires_next = false;                 ///< fire() is posted
    bool tries_late = false;                 ///< there is a timer for watches that had no room

    Impl() = default;
    ~Impl() { watched.release(); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    /// Asio does not look at whether its epoll has taken the kernel's timer: without it no timer
    /// would ever fire, and whoever waits for one would wait for ever. One that is due at once
    /// fires at once.
    void try_timer() {
        constexpr std::chrono::seconds kPatience{10};
        bool has_fired = false;
        timer.expires_at(asio::steady_timer::time_point::min());
        timer.async_wait([&has_fired](const boost::system::error_code&) { has_fired = true; });
        io.run_one_for(kPatience);
        if (!has_fired) {
            throw boost::system::system_error(ETIME, boost::system::system_category(),
                                              "waiting for a timer");
        }
        io.restart();
    }

    /// A loop that cannot wait would hear nothing any more: its supervisor ends with a word, and
    /// the next one takes over.
    void wait_for_watches() {
        watched.async_wait(asio::posix::stream_descriptor::wait_read,
                           [this](const boost::system::error_code& error) {
                               if (error) {
                                   throw boost::system::system_error(error, "waiting for events");
                               }
                               watches.dispatch();
                               wait_for_watches();
                           });
    }

    Watch watch(Loop& loop, int fd, std::uint32_t events, std::function<void()> callback) {
        auto state = watches.add(fd, events, std::move(callback));
        try_late(loop);
        return Watch(std::move(state));
    }

    /// Nobody could go on without what is watched: tried until there is room.
    void try_late(Loop& loop) {
        if (watches.has_late() && !std::exchange(tries_late, true)) {
            loop.call_after(kPauseBeforeLate, [this, &loop] {
                tries_late = false;
                watches.enter_late();
                try_late(loop);
            });
        }
    }

    /// What is due by now needs no timer of the kernel's.
    void fire_next() {
        if (!std::exchange(fires_next, true)) {
            asio::post(io, [this] {
                fires_next = false;
                fire();
            });
        }
    }

    void set_to_earliest() {
        if (due.empty() || fires_next || waits_for == due.begin()->first.first) {
            return;
        }
        waits_for = due.begin()->first.first;
        const Duration since_start = waits_for->time_since_epoch();
        timer.expires_at(asio::steady_timer::time_point(
            std::chrono::duration_cast<asio::steady_timer::duration>(since_start)));
        timer.async_wait([this](const boost::system::error_code& error) {
            if (!error) {
                waits_for.reset();
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

Loop::Loop() : impl_(std::make_unique<Impl>()) {
    impl_->try_timer();
    impl_->wait_for_watches();
}
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
    if (delay <= Duration::zero()) {
        impl_->fire_next();
    } else if (added == impl_->due.begin()) {
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
    return impl_->watch(*this, fd, EPOLLIN, std::move(callback));
}

Watch Loop::watch_hang_up(int fd, std::function<void()> callback) {
    return impl_->watch(*this, fd, 0, std::move(callback));
}

Watch Loop::watch_exceptional(int fd, std::function<void()> callback) {
    auto state = std::make_shared<ExceptionalWatch>(*this, fd, std::move(callback));
    state->begin();
    return Watch(std::move(state));
}

asio::io_context& Loop::io() noexcept {
    return impl_->io;
}

}  // namespace mainstay::supervisor
