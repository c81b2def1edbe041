/// PURE. What the init of the initramfs leaves to the next one in /run/mainstay/early, beside the
/// watchdog, which has a file of its own, and the messages, which are in the kernel's log: when it
/// did what, in seconds since the kernel's start.
#pragma once

#include <optional>
#include <string_view>

#include "common/fixed.h"

namespace mainstay::init {

inline constexpr char kEarlyRecord[] = "/run/mainstay/early";

struct EarlyRecord {
    double started = 0;   ///< its first instruction
    double mounted = 0;   ///< the root was there, mounted
    double switched = 0;  ///< just before the exec of the next init

    friend bool operator==(const EarlyRecord&, const EarlyRecord&) noexcept = default;
};

FixedString<128> to_text(const EarlyRecord& record) noexcept;

/// @returns nothing where the text is not such a record, or goes backwards in time
std::optional<EarlyRecord> parse_early_record(std::string_view text) noexcept;

}  // namespace mainstay::init
