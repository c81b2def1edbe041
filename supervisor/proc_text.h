/// PURE. Reading what /proc says of a process (proc(5)), as far as it decides whose it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace mainstay::supervisor {

struct ProcStat {
    std::int32_t parent = 0;
    std::int32_t group = 0;
    std::int32_t session = 0;

    friend bool operator==(const ProcStat&, const ProcStat&) noexcept = default;
};

/// @param text of /proc/PID/stat. The command in it is the process's own to choose: brackets,
/// blanks and newlines in it mean nothing.
std::optional<ProcStat> parse_proc_stat(std::string_view text) noexcept;

/// What tells a process from another one that had its number before or after it.
struct ProcBirth {
    bool has_executed = false;  ///< a program, since it was forked
    std::uint64_t begun = 0;    ///< clock ticks since boot

    friend bool operator==(const ProcBirth&, const ProcBirth&) noexcept = default;
};

/// @param text of /proc/PID/stat
std::optional<ProcBirth> parse_proc_birth(std::string_view text) noexcept;

/// The letter of its state, 'Z' for one that has ended; 0: that is no such text.
/// @param text of /proc/PID/stat
char parse_proc_state(std::string_view text) noexcept;

/// Adds the numbers of /proc/PID/task/TID/children; one that may be cut off is left out.
void parse_proc_children(std::string_view text, std::vector<std::int32_t>& children);

/// The effective user of /proc/PID/status.
std::optional<std::uint32_t> parse_effective_uid(std::string_view text) noexcept;

}  // namespace mainstay::supervisor
