/// Remembers the supervisor's newest own messages while it passes them on: `svctl log @supervisor`
/// shows them, wherever the journal itself leads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "supervisor/journal.h"

namespace mainstay::supervisor {

class RecentMessages final : public Journal {
  public:
    /// @param journal where messages go besides; must outlive this
    explicit RecentMessages(Journal& journal) : journal_(journal) {}

    /// A message for which there is no memory is passed on all the same.
    void write(Level level, std::string_view message) noexcept override;

    std::vector<std::string> last_lines(std::size_t count) const;

    /// The messages from number @p first on that are still there; messages are numbered from 0.
    std::vector<std::string> since(std::uint64_t first) const;

    /// How many there were; so the number of the next one.
    std::uint64_t count() const noexcept { return count_; }

  private:
    static constexpr std::size_t kMostBytes = std::size_t{32} * 1024;

    Journal& journal_;
    std::deque<std::string> lines_;
    std::size_t bytes_ = 0;
    std::uint64_t count_ = 0;
};

}  // namespace mainstay::supervisor
