/// PURE. A set of ways in which a process can end: exit codes and signals, as the keys
/// success-status and permanent-failure-status of service.conf list them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/exit_status.h"

namespace mainstay::supervisor {

class StatusSet {
  public:
    constexpr void add_code(std::uint8_t code) noexcept { codes_[code / kBits] |= bit(code); }
    /// @param signal 1 to 64
    constexpr void add_signal(int signal) noexcept {
        signals_ |= bit(static_cast<unsigned>(signal - 1));
    }
    constexpr void clear() noexcept { *this = StatusSet(); }

    constexpr bool contains(const ExitStatus& status) const noexcept {
        if (status.kind == ExitStatus::Kind::Exited) {
            return (codes_[status.value / kBits] & bit(status.value)) != 0;
        }
        return status.kind == ExitStatus::Kind::Signaled && status.value > 0 &&
               (signals_ & bit(status.value - 1U)) != 0;
    }

    friend constexpr bool operator==(const StatusSet&, const StatusSet&) noexcept = default;

  private:
    static constexpr std::size_t kBits = 64;
    static constexpr std::uint64_t bit(unsigned index) noexcept {
        return std::uint64_t{1} << (index % kBits);
    }

    std::array<std::uint64_t, 4> codes_{};
    std::uint64_t signals_ = 0;
};

/// What counts as success where nothing else is said.
constexpr StatusSet exit_zero() noexcept {
    StatusSet set;
    set.add_code(0);
    return set;
}

}  // namespace mainstay::supervisor
