/// PURE. Which files of a service have to go, and when its current one is full.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "supervisor/svlog/settings.h"
#include "supervisor/svlog/stamp.h"

namespace mainstay::svlog {

/// How full a file system is, in bytes. A size of 0: it does not say.
struct FileSystemRoom {
    std::uint64_t size = 0;
    std::uint64_t available = 0;
};

/// Whether @p more bytes do not go into a file of @p size bytes any more. An empty file takes
/// whatever comes: a line is never cut because of it.
bool is_full(std::uint64_t size, std::uint64_t more, const Settings& settings) noexcept;

/// How many of the oldest rotated files go because there are too many, or because they ended
/// longer than max_age before @p now.
/// @param oldest_first when each of them ended
std::size_t count_outdated(std::span<const WallTime> oldest_first, const Settings& settings,
                           WallTime now) noexcept;

/// How many bytes may be written before less is free than min_free_percent; the largest number
/// where that is 0, and nothing is to be left free.
std::uint64_t room_left(const FileSystemRoom& room, const Settings& settings) noexcept;

/// When a file that is finished at @p now has ended: later than the newest one before it, so that
/// names sort as they were made also when the clock was set back.
WallTime time_of_rotation(std::span<const WallTime> oldest_first, WallTime now) noexcept;

}  // namespace mainstay::svlog
