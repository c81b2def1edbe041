/// The svlog of a supervisor that died, which goes on by itself: ends it before the arena and the
/// pipes get another reader. It is killed, at any moment: what it leaves in the arena and in files
/// is what its own crash would leave, and its successor goes on from there without a loss.
#pragma once

#include <sys/types.h>

#include <functional>

#include "common/result.h"
#include "common/unique_fd.h"
#include "supervisor/journal.h"
#include "supervisor/loop.h"

namespace mainstay::supervisor {

class SvlogForerunner {
  public:
    SvlogForerunner(Loop& loop, Journal& journal) : loop_(loop), journal_(journal) {}
    ~SvlogForerunner() { loop_.cancel(timer_); }
    SvlogForerunner(const SvlogForerunner&) = delete;
    SvlogForerunner& operator=(const SvlogForerunner&) = delete;

    enum class Found : std::uint8_t { None, Ending };

    /// Kills the process that writes to @p arena, if there is one other than we. @p gone is called
    /// from the loop when it has ended, and is to ask again.
    /// @returns why it cannot be ended: the arena is lost to us then
    Result<Found> end(int arena, std::function<void()> gone);

    bool is_awaited() const noexcept { return pidfd_.valid(); }

  private:
    void on_end();

    Loop& loop_;
    Journal& journal_;
    UniqueFd pidfd_;
    Watch watch_;  ///< of pidfd_; ends before it
    TimerId timer_ = kNoTimer;
    std::function<void()> gone_;
};

}  // namespace mainstay::supervisor
