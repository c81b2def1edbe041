/// Which call of a faulty program fails, and how: a file that the test and the program both map.
///
/// The program counts its calls there and writes down each (name, and the address it was called
/// from); when the call comes that the test asked for, it fails without being made, once. Without
/// the variable MAINSTAY_FAULT_PLAN, which names the file, nothing is counted and nothing fails.
/// For svlog it is MAINSTAY_SVLOG_FAULT_PLAN.
///
/// Calls of one process are counted: of the program itself, or of its forked children before they
/// execute another. Called before main and between fork and exec: no heap, no errno left behind.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace mainstay::faults {

constexpr std::size_t kNameSize = 20;
constexpr std::size_t kMaxRecords = 16'384;

enum class Scope : std::uint32_t { Program = 0, Children = 1 };

/// In the place of an errno: the program does not make the call, but writes to no address at all.
constexpr std::uint32_t kCrash = 4096;
/// The same, but it waits for ever. A handler of a signal that comes still runs.
constexpr std::uint32_t kHang = 4097;

/// One call, in the order in which they were made. tests/integration/faults.py reads them.
struct Record {
    char name[kNameSize];
    std::uint32_t site;   ///< where it returns to in the program's text
    std::uint32_t error;  ///< what it was made to fail with; 0: it was made
};

/// What the file holds, in the machine's own order. All zero: count, and fail nothing.
struct Plan {
    std::uint32_t owner;               ///< pid of the program, written when it starts
    Scope scope;                       ///< whose calls are counted
    std::atomic<std::uint32_t> count;  ///< of the calls so far
    std::atomic<std::uint32_t> skip;   ///< so many calls that are meant are made before one fails
    char name[kNameSize];              ///< of the call that is to fail
    std::uint32_t site;                ///< and where it returns to; 0: anywhere
    std::uint32_t error;               ///< errno to fail with, kCrash or kHang
    std::atomic<std::uint32_t> armed;  ///< 1 until it has failed
    Record records[kMaxRecords];
};

/// Counts a call, and decides.
/// @returns the errno to fail with; 0 to make the call
int next_call(const char* name, const void* site) noexcept;

}  // namespace mainstay::faults
