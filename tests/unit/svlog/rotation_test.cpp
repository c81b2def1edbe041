#include "supervisor/svlog/rotation.h"

#include <catch2/catch.hpp>
#include <limits>
#include <vector>

using namespace mainstay::svlog;

TEST_CASE("a file is full when the next line would exceed its size, unless it is empty",
          "[rotation]") {
    Settings settings;
    settings.max_size = 5000;
    CHECK_FALSE(is_full(0, 9999, settings));
    CHECK_FALSE(is_full(4900, 100, settings));
    CHECK(is_full(4901, 100, settings));
    CHECK(is_full(5000, 0, settings));
    CHECK(is_full(6000, 1, settings));
    settings.max_size = 0;  // still not a file for each line
    CHECK_FALSE(is_full(900, 100, settings));
    CHECK(is_full(1000, 100, settings));
    settings.max_size = std::numeric_limits<std::uint64_t>::max();
    CHECK_FALSE(is_full(std::uint64_t{1} << 60U, 1 << 20, settings));
}

TEST_CASE("too many files, and too old ones", "[rotation]") {
    const std::vector<WallTime> files = {{100, 0}, {200, 0}, {300, 0}, {400, 0}};
    Settings settings;
    settings.max_files = 10;
    CHECK(count_outdated(files, settings, {1'000'000, 0}) == 0);
    settings.max_files = 3;
    CHECK(count_outdated(files, settings, {500, 0}) == 1);
    settings.max_files = 0;
    CHECK(count_outdated(files, settings, {500, 0}) == 4);
    settings.max_files = 3;
    settings.max_age = std::chrono::seconds(200);
    CHECK(count_outdated(files, settings, {400, 0}) == 1);
    CHECK(count_outdated(files, settings, {500, 0}) == 2);
    CHECK(count_outdated(files, settings, {601, 0}) == 4);
    CHECK(count_outdated(files, settings, {0, 0}) == 1);  // the clock was set back
    CHECK(count_outdated({}, settings, {601, 0}) == 0);
}

TEST_CASE("how full a file system may be", "[rotation]") {
    constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();
    Settings settings;
    settings.min_free_percent = 5;
    CHECK(room_left({0, 0}, settings) == kHuge);
    CHECK(room_left({10'000, 1000}, settings) == 500);
    CHECK(room_left({10'000, 500}, settings) == 0);
    CHECK(room_left({10'000, 0}, settings) == 0);
    CHECK(room_left({kHuge, kHuge}, settings) > kHuge / 10 * 9);
    settings.min_free_percent = 100;
    CHECK(room_left({10'000, 9'999}, settings) == 0);
    settings.min_free_percent = 0;
    CHECK(room_left({10'000, 0}, settings) == kHuge);
}

TEST_CASE("rotated files sort as they were made, whatever the clock does", "[rotation]") {
    const std::vector<WallTime> files = {{100, 5}, {200, 999'999'999}};
    CHECK(time_of_rotation({}, {7, 7}) == WallTime{7, 7});
    CHECK(time_of_rotation(files, {300, 1}) == WallTime{300, 1});
    CHECK(time_of_rotation(files, {200, 999'999'999}) == WallTime{201, 0});
    CHECK(time_of_rotation(files, {10, 0}) == WallTime{201, 0});
    const std::vector<WallTime> one = {{200, 8}};
    CHECK(time_of_rotation(one, {200, 8}) == WallTime{200, 9});
}
