#include "common/nearest.h"

#include <algorithm>
#include <array>

namespace mainstay {
namespace {

constexpr std::size_t kLongest = 32;
constexpr std::size_t kMostEdits = 3;

using Row = std::array<std::size_t, kLongest + 1>;

/// Optimal string alignment distance, by three rows of the usual table.
std::size_t edits_between(std::string_view a, std::string_view b) noexcept {
    Row before_last{};
    Row last{};
    Row row{};
    for (std::size_t j = 0; j <= b.size(); ++j) {
        last[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
        before_last = last;
        last = row;
    }
    return last[b.size()];
}

}  // namespace

std::string_view nearest_word(std::string_view word,
                              std::span<const std::string_view> known) noexcept {
    if (word.empty() || word.size() > kLongest) {
        return {};
    }
    std::string_view nearest;
    std::size_t fewest = std::min(kMostEdits, (word.size() + 2) / 3) + 1;
    for (const std::string_view candidate : known) {
        if (candidate.size() > kLongest) {
            continue;
        }
        const std::size_t edits = edits_between(word, candidate);
        if (edits < fewest) {
            fewest = edits;
            nearest = candidate;
        }
    }
    return nearest;
}

}  // namespace mainstay
