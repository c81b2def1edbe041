/// Descriptors watched for reading, in an epoll of their own that the loop watches as one:
/// thousands of small ones (a report pipe a birth, a channel a service) then cost two system calls
/// and a few words of memory each. Asio keeps some hundred bytes for every descriptor, for good,
/// and asks the kernel anew after each event.
///
/// Internal to loop.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "common/unique_fd.h"
#include "supervisor/loop.h"

namespace mainstay::supervisor {

class WatchSet {
  public:
    /// @throws std::system_error where the kernel has no descriptor for us
    WatchSet();

    /// Readable when dispatch() has something to do.
    int fd() const noexcept { return epoll_.get(); }

    /// @param events of epoll(7); EPOLLERR and EPOLLHUP always count
    /// Where the kernel has no memory for it, or no room among the user's watches (epoll_ctl(2)),
    /// it is late: watched once enter_late() succeeds.
    /// @throws std::system_error where the kernel does not take it for another reason
    std::shared_ptr<Watch::State> add(int fd, std::uint32_t events, std::function<void()> callback);

    /// Calls what has something to say, each once, and not for ever.
    /// @throws std::logic_error for a watch that has ended and that the kernel goes on with: its
    /// descriptor was closed first, and somebody else has a copy. It would be named for ever.
    void dispatch();

    bool has_late() const noexcept { return !late_.empty(); }
    void enter_late();

  private:
    struct Entry;

    bool enter(Entry& entry);
    void remove(Entry& entry) noexcept;
    [[noreturn]] static void end_with_a_word(const Entry& entry);

    UniqueFd epoll_;
    std::vector<std::shared_ptr<Entry>> late_;
    bool dispatching_ = false;
    std::vector<std::shared_ptr<Watch::State>> ended_;  ///< since dispatch() asked the kernel
    std::vector<std::shared_ptr<Entry>> stuck_;  ///< ended, but the kernel may name them still
};

struct Watch::State : std::enable_shared_from_this<Watch::State> {
    explicit State(std::function<void()> call) : callback(std::move(call)) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    virtual ~State() = default;

    /// Called once, at the end of the Watch.
    virtual void end() noexcept = 0;

    std::function<void()> callback;
    bool ended = false;
};

}  // namespace mainstay::supervisor
