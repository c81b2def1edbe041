/// The event loop: one thread, one io_context. Everything else of the supervisor knows it by this
/// header, which has no Asio in it; only the control socket's coroutines ask for io().
#pragma once

#include <functional>
#include <memory>

#include "supervisor/os_clock.h"

namespace boost::asio {
class io_context;
}

namespace mainstay::supervisor {

/// Calls back while a borrowed descriptor is readable; ends with the object. Must end before the
/// descriptor is closed.
class Watch {
  public:
    struct State;

    Watch() noexcept = default;
    explicit Watch(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
    Watch(Watch&& other) noexcept = default;
    Watch& operator=(Watch&& other) noexcept;
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() { reset(); }

    void reset() noexcept;

  private:
    std::shared_ptr<State> state_;
};

class Loop final : public Clock {
  public:
    Loop();
    ~Loop() override;

    /// Runs until stop().
    void run();
    void stop() noexcept;

    /// After run() has ended: whatever can be done without waiting.
    void run_what_is_ready();

    MonotonicTime now() const noexcept override;
    Duration age_clock() const noexcept override;
    TimerId call_after(Duration delay, std::function<void()> callback) override;
    void cancel(TimerId timer) noexcept override;

    /// Calls @p callback from the loop each time @p fd is readable, has an error or was hung up;
    /// once a turn of the loop, so that a descriptor that is always readable starves nobody. The
    /// callback may end its own Watch.
    Watch watch_readable(int fd, std::function<void()> callback);

    /// Once it has an error or was hung up; not for what epoll(7) refuses.
    Watch watch_hang_up(int fd, std::function<void()> callback);

    /// The same for what poll(2) calls POLLPRI or POLLERR: /proc/self/mountinfo tells so of
    /// changes.
    Watch watch_exceptional(int fd, std::function<void()> callback);

    boost::asio::io_context& io() noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mainstay::supervisor
