/// Counts the births under way and says when there are as many as do each other any good: each has
/// memory of ours, and none is faster for a hundred more at its side. One that hangs before its
/// exec (a program on a dead network mount) is left out of the count after a while, so that nobody
/// waits for it.
#pragma once

#include <cstdint>
#include <functional>

#include "supervisor/os_clock.h"

namespace mainstay::supervisor {

class BirthCrowd {
  public:
    /// So many keep the cores of a small machine busy while their memory stays in its caches.
    static constexpr std::size_t kMost = 16;
    /// Births of which none ends within this time hang.
    static constexpr Duration kPatience = std::chrono::milliseconds(50);

    /// @param has_room called when there was no room and there is again
    BirthCrowd(Clock& clock, std::function<void()> has_room)
        : clock_(clock), has_room_(std::move(has_room)) {}
    ~BirthCrowd() { clock_.cancel(timer_); }
    BirthCrowd(const BirthCrowd&) = delete;
    BirthCrowd& operator=(const BirthCrowd&) = delete;

    bool is_full() const noexcept { return count_ >= kMost; }

    /// @returns what end() is to be given
    std::uint32_t begin();
    /// The exec was seen, or failed, or the process is gone.
    void end(std::uint32_t birth);

  private:
    void look();

    Clock& clock_;
    std::function<void()> has_room_;
    std::size_t count_ = 0;
    std::uint32_t round_ = 0;  ///< births of former rounds hang, and do not count
    bool moves_ = false;       ///< one has ended since it was looked at last
    TimerId timer_ = kNoTimer;
};

}  // namespace mainstay::supervisor
