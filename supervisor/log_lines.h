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

/// The last @p count lines, oldest first; one that is not ended yet counts. What is left of a torn
/// first line is only shown where there is nothing else.
std::vector<std::string> last_lines_of(std::string_view text, std::size_t count,
                                       Beginning beginning);

}  // namespace mainstay::supervisor
