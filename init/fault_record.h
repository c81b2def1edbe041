/// PURE. What is remembered of the faults of PID 1 itself, and what follows from how many there
/// were: the fault handler appends (so everything here is fit for a signal handler), the program
/// that is executed next judges.
///
/// Lies at the beginning of the image (pid1_block.h), of a form that never changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/clock.h"
#include "common/fixed.h"
#include "init/build_id.h"

namespace mainstay::init {

struct FaultCause {
    std::uint64_t address;          ///< what could not be accessed; 0 for a signal that was sent
    std::uint64_t program_counter;  ///< of the program that `build_id` names
    std::int64_t at;                ///< nanoseconds of CLOCK_BOOTTIME
    std::int32_t signal;
    std::int32_t sender;  ///< pid; 0: the program's own fault; kUnseenSender
    char build[28];       ///< version and commit of the program, with a NUL
    BuildId build_id;     ///< zeros: none; an older program had `build` up to here
};

/// Sent from where no pid of ours reaches: from outside of the pid namespace, or by the kernel.
inline constexpr std::int32_t kUnseenSender = -1;

struct FaultRecord {
    static constexpr std::size_t kRecent = 4;

    std::uint32_t total;           ///< since the machine booted
    std::uint32_t recent_count;    ///< elements of recent
    std::int64_t recent[kRecent];  ///< nanoseconds of the monotonic clock, oldest first
    FaultCause last;
};

inline constexpr Duration kFaultsWithin = std::chrono::minutes(1);

/// Appends a fault. Trusts nothing that stands in @p record already.
void note_fault(FaultRecord& record, const FaultCause& cause, MonotonicTime now) noexcept;

enum class Recovery : std::uint8_t {
    Resume,     ///< go on with all that is known
    KeepOnly,   ///< the second fault within a minute: with pids and descriptors only
    Emergency,  ///< the third: a person is needed
};

/// What a program that was started because of a fault is to do.
Recovery judge(const FaultRecord& record, MonotonicTime now) noexcept;

static_assert(sizeof(FaultCause) == 80);

/// "SEGV at 0x10, program counter 0x40a1b2, Mainstay 0.1.0 (abf67ac), build id 5116…f433",
/// "SEGV from pid 12, program counter …", "SEGV from outside, …".
FixedString<176> describe(const FaultCause& cause) noexcept;

}  // namespace mainstay::init
