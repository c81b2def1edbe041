#include "supervisor/svlog/rotation.h"

#include <algorithm>
#include <limits>

namespace mainstay::svlog {

bool is_full(std::uint64_t size, std::uint64_t more, const Settings& settings) noexcept {
    const std::uint64_t most = std::max(settings.max_size, kSmallestFile);
    return size > 0 && (size >= most || more > most - size);
}

std::size_t count_outdated(std::span<const WallTime> oldest_first, const Settings& settings,
                           WallTime now) noexcept {
    std::size_t count =
        oldest_first.size() > settings.max_files ? oldest_first.size() - settings.max_files : 0;
    if (settings.max_age < kNoAge) {
        const std::int64_t limit = now.seconds - settings.max_age.count();
        while (count < oldest_first.size() && oldest_first[count].seconds < limit) {
            ++count;
        }
    }
    return count;
}

std::uint64_t room_left(const FileSystemRoom& room, const Settings& settings) noexcept {
    if (room.size == 0 || settings.min_free_percent == 0) {
        return std::numeric_limits<std::uint64_t>::max();
    }
    const std::uint64_t kept_free = room.size / 100 * settings.min_free_percent;
    return room.available - std::min(room.available, kept_free);
}

WallTime time_of_rotation(std::span<const WallTime> oldest_first, WallTime now) noexcept {
    if (oldest_first.empty() || now > oldest_first.back()) {
        return now;
    }
    WallTime next = oldest_first.back();
    constexpr std::uint32_t kNanosecondsOfASecond = 1'000'000'000;
    if (++next.nanoseconds == kNanosecondsOfASecond) {
        next = {next.seconds + 1, 0};
    }
    return next;
}

}  // namespace mainstay::svlog
