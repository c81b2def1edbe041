#include "common/nearest.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace mainstay {
namespace {

constexpr std::size_t kLongest = 32;
constexpr std::size_t kMostEdits = 3;

using Row = std::array<std::uint8_t, kLongest + 2>;

/// Optimal string alignment distance, by three rows of the usual table. What is @p limit or more is
/// @p limit: only cells less than that off the diagonal can count, and where none of two rows is
/// below it, none further down is.
std::uint8_t edits_between(std::string_view a, std::string_view b, std::uint8_t limit) noexcept {
    Row before_last{};
    Row last{};
    Row row{};
    for (std::size_t j = 0; j <= b.size(); ++j) {
        last[j] = static_cast<std::uint8_t>(std::min<std::size_t>(j, limit));
    }
    std::uint8_t fewest_of_last = 0;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        const std::size_t begin = i > limit ? i - limit : 1;
        const std::size_t end = std::min(b.size(), i + limit);
        std::uint8_t fewest = row[begin - 1] = i < limit ? static_cast<std::uint8_t>(i) : limit;
        for (std::size_t j = begin; j <= end; ++j) {
            const int replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            int edits = std::min({last[j] + 1, row[j - 1] + 1, replaced, int{limit}});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                edits = std::min(edits, before_last[j - 2] + 1);
            }
            row[j] = static_cast<std::uint8_t>(edits);
            fewest = std::min(fewest, row[j]);
        }
        row[end + 1] = limit;
        if (fewest >= limit && fewest_of_last >= limit) {
            return limit;
        }
        fewest_of_last = fewest;
        before_last = std::exchange(last, row);
    }
    return last[b.size()];
}

std::size_t difference(std::size_t a, std::size_t b) noexcept {
    return a > b ? a - b : b - a;
}

}  // namespace

std::string_view nearest_word(std::string_view word,
                              std::span<const std::string_view> known) noexcept {
    if (word.empty() || word.size() > kLongest) {
        return {};
    }
    std::string_view nearest;
    auto fewest = static_cast<std::uint8_t>(std::min(kMostEdits, (word.size() + 2) / 3) + 1);
    for (const std::string_view candidate : known) {
        if (candidate.size() > kLongest || difference(word.size(), candidate.size()) >= fewest) {
            continue;
        }
        const std::uint8_t edits = edits_between(word, candidate, fewest);
        if (edits < fewest) {
            fewest = edits;
            nearest = candidate;
        }
    }
    return nearest;
}

}  // namespace mainstay
