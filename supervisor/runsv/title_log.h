/// PURE. The last bytes of what was said, in the memory of a command line's word: whoever lists
/// processes sees them. daemontools' readproctitle, as runsvdir has it.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace mainstay::supervisor::runsv {

/// A shorter word is none that could be written to.
inline constexpr std::size_t kShortestTitle = 7;

class TitleLog {
  public:
    /// @param word of kShortestTitle bytes at least; its first five ("log: ") stay
    explicit TitleLog(std::span<char> word) noexcept;

    /// What is there makes room at its beginning.
    void add(std::string_view text) noexcept;

  private:
    std::span<char> room_;
};

}  // namespace mainstay::supervisor::runsv
