/// Time that stands still until a test moves it.
#pragma once

#include <map>
#include <unordered_map>
#include <utility>

#include "supervisor/os_clock.h"

namespace mainstay::fakes {

class FakeClock final : public supervisor::Clock {
  public:
    MonotonicTime now() const noexcept override { return now_; }
    Duration age_clock() const noexcept override { return now_.time_since_epoch(); }

    supervisor::TimerId call_after(Duration delay, std::function<void()> callback) override {
        due_.emplace(std::pair(now_ + delay, ++last_id_), std::move(callback));
        times_[last_id_] = now_ + delay;
        return last_id_;
    }

    void cancel(supervisor::TimerId timer) noexcept override {
        if (const auto known = times_.find(timer); known != times_.end()) {
            due_.erase({known->second, timer});
            times_.erase(known);
        }
    }

    /// Calls what falls due on the way, each at its own time.
    void advance(Duration by) {
        const MonotonicTime end = now_ + by;
        while (!due_.empty() && due_.begin()->first.first <= end) {
            auto first = due_.extract(due_.begin());
            times_.erase(first.key().second);
            now_ = first.key().first;
            first.mapped()();
        }
        now_ = end;
    }

    /// Whoever armed them is dead.
    void forget_all() noexcept {
        due_.clear();
        times_.clear();
    }

    std::size_t armed() const noexcept { return due_.size(); }

    /// When the next falls due; nothing is armed: now.
    Duration until_next() const {
        return due_.empty() ? Duration(0) : due_.begin()->first.first - now_;
    }

  private:
    MonotonicTime now_{std::chrono::hours(1)};
    std::map<std::pair<MonotonicTime, supervisor::TimerId>, std::function<void()>> due_;
    std::unordered_map<supervisor::TimerId, MonotonicTime> times_;
    supervisor::TimerId last_id_ = supervisor::kNoTimer;
};

}  // namespace mainstay::fakes
