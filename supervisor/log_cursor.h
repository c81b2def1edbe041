/// PURE. The words by which a client of `log` says where it was: which memory, whose output, and
/// how far. For clients they are opaque.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/os_outputs.h"

namespace mainstay::supervisor {

struct LogPlace {
    std::uint64_t memory = 0;  ///< see Outputs::memory_number()
    ServiceId service = 0;
    LogCursor position = 0;

    friend bool operator==(const LogPlace&, const LogPlace&) noexcept = default;
};

std::string to_cursor(const LogPlace& place);

/// @returns nothing for what is no such word.
std::optional<LogPlace> parse_cursor(std::string_view cursor) noexcept;

/// Where a client that was somewhere before goes on.
class Resumption {
  public:
    /// @param cursors what the client says; words that are none are left out
    /// @param memory the number of what is read now
    Resumption(const std::vector<std::string>& cursors, std::uint64_t memory);

    /// Where the output of @p service goes on; 0 for one that the client did not know.
    LogCursor position_of(ServiceId service) const noexcept;

    /// Whether what the client read is gone, and all that there is now is new to it.
    bool is_anew() const noexcept { return is_anew_; }

  private:
    std::vector<LogPlace> places_;
    bool is_anew_ = false;
};

}  // namespace mainstay::supervisor
