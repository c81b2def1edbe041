#include "ctl/nearest.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace mainstay::ctl {
namespace {

/// The optimal string alignment distance: edits and swaps of neighbours, no letter touched twice.
/// Three rows of the table are enough.
std::size_t keystrokes(std::string_view from, std::string_view to) {
    std::vector<std::size_t> before_last;
    std::vector<std::size_t> last(to.size() + 1);
    for (std::size_t j = 0; j <= to.size(); ++j) {
        last[j] = j;
    }
    for (std::size_t i = 1; i <= from.size(); ++i) {
        std::vector<std::size_t> row(to.size() + 1);
        row[0] = i;
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t wrong = from[i - 1] == to[j - 1] ? 0 : 1;
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + wrong});
            if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
        before_last = std::exchange(last, std::move(row));
    }
    return last.back();
}

constexpr std::size_t kLongestTypo = 64;  ///< no word of ours is near to anything longer

}  // namespace

std::string_view nearest_word(std::string_view word, const std::vector<std::string_view>& words) {
    if (word.size() > kLongestTypo) {
        return {};
    }
    std::string_view nearest;
    std::size_t fewest = (word.size() + 2) / 3 + 1;
    for (const std::string_view candidate : words) {
        const std::size_t count = keystrokes(word, candidate);
        if (count < fewest) {
            fewest = count;
            nearest = candidate;
        }
    }
    return nearest;
}

}  // namespace mainstay::ctl
