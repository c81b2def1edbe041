#include "common/nearest.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

using mainstay::nearest_word;

namespace {

/// As the definition says it, cell by cell.
std::size_t edits(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> table(a.size() + 1,
                                                std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                table[i][j] = i + j;
                continue;
            }
            table[i][j] = std::min({table[i - 1][j] + 1, table[i][j - 1] + 1,
                                    table[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                table[i][j] = std::min(table[i][j], table[i - 2][j - 2] + 1);
            }
        }
    }
    return table[a.size()][b.size()];
}

}  // namespace

TEST_CASE("a misspelt word finds its neighbour", "[nearest]") {
    constexpr std::array<std::string_view, 4> kKnown{"respawn", "restart", "once", "wait"};
    CHECK(nearest_word("respwan", kKnown) == "respawn");
    CHECK(nearest_word("respaw", kKnown) == "respawn");
    CHECK(nearest_word("onec", kKnown) == "once");
    CHECK(nearest_word("restrat", kKnown) == "restart");
    CHECK(nearest_word("", kKnown).empty());
    CHECK(nearest_word("bootchart", kKnown).empty());
    CHECK(nearest_word(std::string(1000, 'x'), kKnown).empty());
    constexpr std::array<std::string_view, 2> kCommands{"status", "up"};
    CHECK(nearest_word("statsu", kCommands) == "status");
    CHECK(nearest_word("pu", kCommands) == "up");
    CHECK(nearest_word("kill", kCommands).empty());
    CHECK(nearest_word("status", {}).empty());
}

TEST_CASE("near is who can be reached by few edits, and the nearest wins", "[nearest]") {
    std::mt19937 random(11);
    const auto word = [&] {
        std::string made(random() % 33, ' ');
        std::generate(made.begin(), made.end(), [&] { return "abc"[random() % 3]; });
        return made;
    };
    const auto changed = [&](std::string made) {
        for (auto edits = random() % 5; edits > 0 && made.size() > 1; --edits) {
            const auto place = random() % (made.size() - 1);
            if (random() % 2 == 0) {
                std::swap(made[place], made[place + 1]);
            } else {
                made.erase(place, 1);
            }
        }
        return made;
    };
    for (int i = 0; i < 3000; ++i) {
        const std::array<std::string, 3> known{word(), word(), changed(word())};
        const std::string asked = changed(known[random() % known.size()]);
        const std::size_t most = std::min<std::size_t>(3, (asked.size() + 2) / 3);
        std::string expected;
        std::size_t fewest = most + 1;
        for (const std::string& candidate : known) {
            if (!asked.empty() && edits(asked, candidate) < fewest) {
                fewest = edits(asked, candidate);
                expected = candidate;
            }
        }
        const std::array<std::string_view, 3> views{known[0], known[1], known[2]};
        CHECK(nearest_word(asked, views) == expected);
    }
}
