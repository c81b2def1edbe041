/// PURE. Lines for people, out of the newest bytes of a stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mainstay::supervisor {

enum class Beginning : std::uint8_t {
    Whole,  ///< the text begins where the stream, or a line, does
    Torn,   ///< something came before it
};

/// Makes lines of bytes that come in pieces of any size.
class LineCutter {
  public:
    /// A line that is longer comes in pieces.
    static constexpr std::size_t kMost = std::size_t{64} * 1024;

    /// @returns the lines that @p bytes end; what is behind them waits for the rest
    std::vector<std::string> cut(std::string_view bytes);

    /// How many bytes wait for their end.
    std::size_t pending() const noexcept { return rest_.size(); }

    /// What waits for its end, as a line; no line where nothing does.
    std::vector<std::string> take_rest();

  private:
    std::string rest_;
};

/// The last @p count lines, oldest first; one that is not ended yet counts. What is left of a torn
/// first line is only shown where there is nothing else.
std::vector<std::string> last_lines_of(std::string_view text, std::size_t count,
                                       Beginning beginning);

}  // namespace mainstay::supervisor
