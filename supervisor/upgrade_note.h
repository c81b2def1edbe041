/// PURE. What a supervisor that executes another program in its own place tells it, besides what
/// PID 1 keeps or the state file holds: descriptors by number, and how the process was born. It is
/// the value of one environment variable, words of the form KEY=VALUE; who reads it ignores what
/// it does not know or cannot read, so words may be added.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mainstay::supervisor {

inline constexpr char kUpgradeVariable[] = "MAINSTAY_UPGRADE";

struct UpgradeNote {
    int program = -1;           ///< what ran before, to go back to; -1: this is what ran before
    int control = -1;           ///< the control socket that listens
    std::vector<int> sessions;  ///< connections to it that were greeted and wait for nothing
    struct Limit {
        std::uint64_t soft = 0;
        std::uint64_t hard = 0;

        friend bool operator==(const Limit&, const Limit&) = default;
    };
    std::optional<Limit> descriptor_limit;  ///< of the process when it was born
    std::optional<std::string> oom_score;   ///< likewise
    /// The program that was to go on failed: by this signal, or by itself (0).
    std::optional<int> failed;

    friend bool operator==(const UpgradeNote&, const UpgradeNote&) = default;
};

std::string encode(const UpgradeNote& note);

/// The note that the program @p note tells of goes back with: the number of the signal, two digits,
/// is its end, so that a signal handler can put it there.
std::string encode_way_back(UpgradeNote note);

/// Of what is no note, nothing. Numbers are not looked at: they may be anything.
UpgradeNote parse_upgrade_note(std::string_view text);

}  // namespace mainstay::supervisor
