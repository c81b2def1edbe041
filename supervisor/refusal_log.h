/// PURE. Which complaints about senders are worth a line in the journal: each of a kind about a
/// process once while it is remembered, and so many lines a minute in all. Whoever floods a socket
/// does not flood the journal.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/clock.h"

namespace mainstay::supervisor {

enum class Complaint : std::uint8_t { Refused, NoMessage, BadValue, Descriptors, MainProcess };

class RefusalLog {
  public:
    static constexpr unsigned kLinesAMinute = 10;

    /// @returns whether to write a line about this process now
    bool should_say(std::int32_t pid, Complaint complaint, MonotonicTime now) noexcept;

  private:
    struct Said {
        std::int32_t pid = -1;
        Complaint complaint = Complaint::Refused;

        friend bool operator==(const Said&, const Said&) noexcept = default;
    };

    std::array<Said, 16> said_;  ///< the newest, as a ring
    std::size_t next_ = 0;
    MonotonicTime minute_began_{};
    unsigned lines_ = 0;
};

}  // namespace mainstay::supervisor
