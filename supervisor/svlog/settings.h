/// PURE. How the output of one service is to be kept, in svlog's units. The supervisor makes it
/// from the log-* keys of service.conf(5).
#pragma once

#include <chrono>
#include <cstdint>

#include "supervisor/svlog/stamp.h"

namespace mainstay::svlog {

struct Settings {
    std::uint64_t memory = std::uint64_t{64} * 1024;      ///< bytes; the arena has the last word
    std::uint64_t max_size = std::uint64_t{1024} * 1024;  ///< bytes of a file
    std::uint32_t max_files = 10;                         ///< rotated ones
    std::uint32_t min_free_percent = 5;                   ///< of the file system; 0 to 100
    std::chrono::seconds max_age = std::chrono::hours(24 * 365 * 100);
    StampFormat format = StampFormat::Iso;

    friend bool operator==(const Settings&, const Settings&) noexcept = default;
};

/// No max_age: nothing is done because of time.
inline constexpr std::chrono::seconds kNoAge = std::chrono::hours(24 * 365 * 100);

/// A max_size of at least this is kept to: smaller ones would make a file of each line.
inline constexpr std::uint64_t kSmallestFile = 1024;

}  // namespace mainstay::svlog
