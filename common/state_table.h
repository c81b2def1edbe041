/// PURE. The state table: what a supervisor knows of its services, laid out in memory that outlives
/// it. The supervisor writes it, the next one reads it, PID 1 reads the process words after it has
/// reaped the supervisor (docs/decisions/0041).
///
///     header   geometry, flags
///     journal  one transaction on its way into slots and details
///     slots    one a service: name, process words, record
///     details  one a slot, untouched until it dies or speaks: deaths, texts
///
/// Two kinds of change, and no other, so that what a kill at any store leaves behind is known:
///  - A word: one aligned store. The kernel stores the pid words.
///  - A transaction: it is written into the journal, which counts from the store of its first word
///    on; then it is carried out, then the journal is emptied. Who finds a journal that counts
///    carries it out once more.
/// Writer and reader never run at the same time: the reader's writer is dead.
///
/// A table says its own geometry. Fields are appended, never moved or removed: whoever knows more
/// finds zeros in an older table, whoever knows less ignores what is behind.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace mainstay::state_table {

inline constexpr std::uint32_t kMagic = 0x5453534D;  // "MSST"
inline constexpr std::uint16_t kVersion = 1;
inline constexpr std::uint32_t kMostSlots = 32768;
inline constexpr std::size_t kNameSize = 56;       ///< of a name in its slot, its NUL included
inline constexpr std::size_t kLongNameSize = 264;  ///< of any name, its NUL included
inline constexpr std::size_t kMostDeaths = 16;

/// Where things are. Offsets and sizes are in bytes and multiples of 8.
struct Geometry {
    std::uint32_t journal_offset = 0;
    std::uint32_t journal_size = 0;
    std::uint32_t slots_offset = 0;
    std::uint32_t slot_size = 0;
    std::uint32_t slot_count = 0;
    std::uint32_t details_offset = 0;
    std::uint32_t detail_size = 0;
    std::uint32_t reserved = 0;

    friend bool operator==(const Geometry&, const Geometry&) noexcept = default;
};

/// What the system as a whole has come to; bits of Header::flags.
inline constexpr std::uint32_t kBootComplete = 1;
inline constexpr std::uint32_t kStopping = 2;  ///< all services

struct Header {
    std::uint32_t magic = 0;
    std::uint16_t version = 0;
    std::uint16_t header_size = 0;
    Geometry geometry;
    std::uint32_t used_slots = 0;  ///< those from here on were never used: they need not be read
    std::uint32_t flags = 0;
    std::uint32_t last_incarnation = 0;  ///< the largest that a service id was ever made with
    std::uint32_t reserved = 0;
    std::array<char, 40> boot = {};  ///< which boot of the kernel; pids and times mean nothing else
};

/// Which of a service's processes.
enum class Role : std::uint32_t {
    Run = 0,
    Auxiliary = 1,
    Main = 2,  ///< named by the service itself (MAINPID); of the run's generation
};
inline constexpr std::uint32_t kRoles = 3;

/// Only ever changed word by word: set to the next generation with pid 0 before the process is
/// born, in the order pid, generation, begun.
struct ProcessWords {
    std::uint32_t generation = 0;
    std::int32_t pid = 0;    ///< 0: it was not born
    std::uint64_t exit = 0;  ///< see exit_word(); of another generation: it has not ended
    std::int64_t begun = 0;  ///< shortly before its birth, ns of CLOCK_BOOTTIME
};

/// A wait status that no process has: it ended, and nobody knows how.
inline constexpr std::uint16_t kStatusUnknown = 0x7f;

/// How a process ended, with the generation that it is true of, in one word.
inline constexpr std::uint64_t kExitKnown = 1U << 24U;        ///< an exit is told at all
inline constexpr std::uint64_t kExitNotExecuted = 1U << 25U;  ///< it never became its program
constexpr std::uint64_t exit_word(std::uint32_t generation, std::uint32_t wait_status,
                                  std::uint64_t flags) noexcept {
    return std::uint64_t{generation} << 32U | kExitKnown | flags | (wait_status & 0xffffU);
}
constexpr bool has_ended(const ProcessWords& words) noexcept {
    return (words.exit & kExitKnown) != 0 && words.exit >> 32U == words.generation;
}
constexpr std::int32_t wait_status(std::uint64_t exit) noexcept {
    return static_cast<std::int32_t>(exit & 0xffffU);
}

/// Of Record::flags: the slot's detail is this service's.
inline constexpr std::uint32_t kHasDetail = 1U << 31U;

/// The truth about a service between two steps. Numbers of enumerators are those of
/// service_state.h; state_record.h knows what they mean. Times are ns of CLOCK_MONOTONIC.
struct Record {
    std::uint8_t state = 0;
    std::uint8_t wanted = 0;
    std::uint8_t stop_stage = 0;
    std::uint8_t resume = 0;
    std::uint8_t auxiliary = 0;
    std::uint8_t obstacle = 0;
    std::uint8_t failure = 0;
    std::uint8_t sent_signal = 0;
    std::uint32_t flags = 0;      ///< kHasDetail, and those of state_record.h
    std::uint16_t last_exit = 0;  ///< wait status
    std::uint16_t reserved = 0;
    std::uint32_t generation = 0;
    std::uint32_t auxiliary_generation = 0;
    std::uint32_t timer = 0;
    std::uint32_t short_runs = 0;
    std::uint32_t restarts = 0;
    std::uint32_t limit_count = 0;
    std::uint32_t oom_kills = 0;
    std::uint32_t step = 0;  ///< counts records; Slot::performed says whose effects are done
    std::int64_t limit_since = 0;
    std::int64_t last_lived = 0;
    std::int64_t ended_at = 0;
    std::int64_t watchdog = 0;
    std::int64_t timer_due = 0;
    std::int64_t auxiliary_due = 0;
    std::int64_t since = 0;  ///< ns of CLOCK_BOOTTIME
    std::int64_t executed = 0;
    std::uint64_t definition = 0;  ///< hash of what it runs with

    friend bool operator==(const Record&, const Record&) noexcept = default;
};

struct Slot {
    std::uint32_t service = 0;              ///< its id; 0: nobody has the slot
    std::uint32_t performed = 0;            ///< the step whose effects are all done; a word
    std::array<char, kNameSize> name = {};  ///< empty: see Detail::long_name
    std::array<ProcessWords, kRoles> processes = {};
    Record record;
};

struct Death {
    std::int64_t at = 0;     ///< ns of CLOCK_BOOTTIME
    std::int64_t lived = 0;  ///< ns
    std::uint16_t status = 0;
    std::uint8_t cause = 0;
    std::uint8_t flags = 0;
    std::uint32_t reserved = 0;

    friend bool operator==(const Death&, const Death&) noexcept = default;
};

/// Texts are cut off where there is no room for them, and end with NUL.
struct Detail {
    std::uint32_t death_count = 0;  ///< all there ever were; number n is at n % kMostDeaths
    std::uint32_t reserved = 0;
    std::array<Death, kMostDeaths> deaths = {};
    std::array<char, 256> status = {};  ///< what it said of itself
    std::array<char, 112> error = {};
    std::int32_t fault_code = 0;            ///< errno
    std::array<char, 28> fault_stage = {};  ///< empty: the last start came to its exec
    std::array<char, 152> fault_path = {};
    std::array<char, 128> fault_reason = {};
    std::array<char, kLongNameSize> long_name = {};
};

// The layout is shared by programs of different versions: nothing in it moves.
static_assert(sizeof(Geometry) == 32 && sizeof(Header) == 96 && sizeof(ProcessWords) == 24);
static_assert(sizeof(Record) == 120 && sizeof(Death) == 24 && sizeof(Detail) == 1336);
static_assert(offsetof(Detail, status) % 8 == 0 && offsetof(Detail, fault_code) % 8 == 0 &&
              offsetof(Detail, long_name) % 8 == 0);
static_assert(offsetof(Slot, name) == 8 && offsetof(Slot, processes) == 64 &&
              offsetof(Slot, record) == 136 && sizeof(Slot) == 256);
static_assert(std::is_trivially_copyable_v<Slot> && std::is_trivially_copyable_v<Detail>);

/// A table that says @p geometry and has @p size bytes of memory, if all of it lies within, in
/// order and without overlap.
bool is_sound(const Geometry& geometry, std::size_t size) noexcept;

/// That of a table which this program makes.
Geometry own_geometry() noexcept;
std::size_t own_size() noexcept;

/// Looks at a table and believes nothing: what it returns is a copy and within bounds, what it says
/// may still be nonsense. Reads no slot that was never used, which would take memory for it.
class Reader {
  public:
    /// @returns nothing for what is no table, or not one that can be read
    static std::optional<Reader> open(std::span<const std::byte> table) noexcept;

    const Header& header() const noexcept { return header_; }
    std::uint32_t used_slots() const noexcept { return header_.used_slots; }

    /// @param number less than used_slots()
    Slot slot(std::uint32_t number) const noexcept;
    Detail detail(std::uint32_t number) const noexcept;

  private:
    Reader(std::span<const std::byte> table, const Header& header) noexcept
        : table_(table), header_(header) {}

    std::span<const std::byte> table_;
    Header header_;
};

/// The text of a field up to its NUL, or all of it.
template <std::size_t N>
std::string_view text_of(const std::array<char, N>& field) noexcept {
    const std::string_view all(field.data(), N);
    return all.substr(0, all.find('\0'));
}

/// Carries out what the journal holds, if it counts.
/// @returns false for a journal that makes no sense; it is emptied, and nothing else changes
bool recover(std::span<std::byte> table) noexcept;

}  // namespace mainstay::state_table
