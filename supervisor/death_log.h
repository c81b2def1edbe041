/// PURE. The last deaths of a service: when, how, why, and whether it was started again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/clock.h"
#include "common/exit_status.h"

namespace mainstay::supervisor {

/// What ended a run, as far as we know.
enum class DeathCause : std::uint8_t {
    Itself,    ///< nobody of us
    AskedFor,  ///< a verb, or what it needs stopped
    NotReady,  ///< the start timeout
    Watchdog,
};

struct DeathRecord {
    Duration at{0};  ///< on the age clock
    Duration lived{0};
    ExitStatus status;
    DeathCause cause = DeathCause::Itself;
    bool out_of_memory = false;  ///< killed, and the kernel's OOM killer was there in that run
    bool restarted = false;      ///< by itself, not by hand
};

/// Keeps the newest kMost; takes memory for as many as there were.
class DeathLog {
  public:
    static constexpr std::size_t kMost = 16;

    void add(const DeathRecord& record) {
        ++count_;
        if (records_.size() < kMost) {
            records_.push_back(record);
            return;
        }
        records_[oldest_] = record;
        oldest_ = (oldest_ + 1) % kMost;
    }

    /// So many came before those that will be added; to be called while it is empty.
    void set_count_before(std::uint32_t count) noexcept { count_ = count; }

    /// All there ever were.
    std::uint32_t count() const noexcept { return count_; }
    std::size_t size() const noexcept { return records_.size(); }
    /// @param age 0: the newest; less than size()
    const DeathRecord& newest(std::size_t age) const noexcept { return records_[index_of(age)]; }
    DeathRecord& newest() noexcept { return records_[index_of(0)]; }

  private:
    std::size_t index_of(std::size_t age) const noexcept {
        const std::size_t count = records_.size();
        return (oldest_ + count - 1 - age) % count;
    }

    std::vector<DeathRecord> records_;
    std::size_t oldest_ = 0;
    std::uint32_t count_ = 0;
};

}  // namespace mainstay::supervisor
