/// PURE. What PID 1 must not forget, as bytes in a memfd that outlives the program: laid out here,
/// written by the machine (machine_persist.cpp), read by whatever program runs as PID 1 next: the
/// same one after a fault, a newer or an older one after `telinit u`.
///
/// The image begins with the record of faults (fault_record.h) and two slots for the block. The
/// slots are written in turn, each with a sequence number and a checksum: whichever instant the
/// writing is cut at, one of them is whole, and the newest whole one counts. The table's text and
/// the processes of its entries follow, wherever the block says.
///
/// Nothing that is read is believed before it was checked, and nothing in here is a pointer.
///
/// Versions: a program that appends fields keeps the version; who reads a shorter block gets zeroes
/// for the rest, who reads a longer one its beginning. Any other change is a new version, of which
/// an older program reads the kept part only: its form never changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "init/extra_variables.h"
#include "init/fault_record.h"

namespace mainstay::init {

inline constexpr std::uint64_t kBlockMagic = 0x31646970796e696dULL;  // "minypid1"
inline constexpr std::uint16_t kBlockVersion = 1;
inline constexpr std::size_t kFaultRecordSize = 4096;
inline constexpr std::size_t kBlockSlotSize = 4096;
inline constexpr std::size_t kBlockOffset = kFaultRecordSize;
inline constexpr std::size_t kTableOffset = kBlockOffset + 2 * kBlockSlotSize;

/// A point on the monotonic clock in nanoseconds, or this.
inline constexpr std::int64_t kNoTime = INT64_MIN;

/// Open descriptors by number, -1 for none. A number of 0 to 2 is not ours to keep.
struct KeptDescriptors {
    std::int32_t program;   ///< what PID 1 runs, to execute it again
    std::int32_t previous;  ///< what ran before an upgrade, until the new one has proved itself
    std::int32_t keeper;    ///< memory of what is kept for the supervisor, which names more of them
    std::int32_t proc;
    std::int32_t watchdog;
    std::int32_t kernel_log;
    std::int32_t console;
    std::int32_t initctl;
    std::int32_t spare[8];
};

/// Where in the image the inittab in force lies.
struct TablePlace {
    std::uint64_t text_offset;
    std::uint64_t records_offset;
    std::uint32_t text_size;
    std::uint32_t record_count;
    std::uint32_t record_stride;
    std::uint32_t is_builtin;  ///< the text was made by PID 1 and stands in no file
};

/// The part every version reads, for ever in this form.
struct KeptPart {
    KeptDescriptors descriptors;
    TablePlace table;
    std::int32_t supervisor_pid;
    std::int32_t waited_pid;
    std::int32_t helper_pid;
    std::uint8_t in_container;
    std::uint8_t request;  ///< what the system goes down for, 0 when it does not
    std::uint8_t spare[2];
};

struct SavedLeaving {
    std::int64_t kill_at;
    std::int32_t pid;
    std::int32_t spare;
};

struct Pid1Block {
    static constexpr std::size_t kMaxPresses = 7;
    static constexpr std::size_t kMaxLeaving = 64;
    static constexpr std::size_t kMaxStarts = 20;

    KeptPart kept;

    std::uint8_t phase;
    std::uint8_t paused;
    std::uint8_t reload_waits;
    std::uint8_t round;
    std::uint8_t press_count;
    std::uint8_t cursor_class;
    std::uint8_t waits;  ///< an entry is waited for
    std::uint8_t waited_class;
    std::uint8_t on_console;
    std::uint8_t start_count;  ///< of the supervisor
    std::uint8_t oldest_start;
    std::uint8_t spare;
    std::uint32_t generation;
    std::uint32_t cursor;
    std::uint32_t waited_tries;
    std::uint32_t watchdog_seconds;
    std::uint32_t terminate_seconds;  ///< 0: as ever
    std::uint64_t cursor_key;         ///< of the entry before the cursor, 0 at the beginning
    std::uint64_t waited_key;
    std::uint64_t nofile_soft;  ///< what PID 1 was born with; both 0: not known
    std::uint64_t nofile_hard;
    std::int64_t shutdown_timeout;
    std::int64_t deadline;
    std::int64_t shutdown_limit;
    std::int64_t waited_since;
    std::int64_t waited_retry_at;
    std::int64_t presses[kMaxPresses];
    std::int64_t starts[kMaxStarts];
    SavedLeaving leaving[kMaxLeaving];

    // Of sysvinit's style. All zero: written by a program that knew no runlevels.
    std::int64_t level_patience;
    std::uint8_t level;
    std::uint8_t previous_level;
    std::uint8_t first_level;  ///< as the command line has it
    std::uint8_t has_booted;
    std::uint8_t level_kills;
    std::uint8_t level_then;  ///< the request that waits for the level's entries
    std::uint8_t is_up;       ///< the boot's entries have had their turn
    std::uint8_t level_spare;
    char variables[kExtraVariablesSize];  ///< of every process, each ending with a NUL
};
// No padding: two equal states are equal bytes.
static_assert(std::has_unique_object_representations_v<Pid1Block>);
static_assert(offsetof(Pid1Block, kept) == 0 && sizeof(KeptPart) == 112);

/// A block in which nothing is kept and nothing was begun.
Pid1Block empty_block() noexcept;

/// Writes @p block into one of the two slots.
/// @param slots 2 * kBlockSlotSize bytes
/// @param sequence one more than the last time
void write_block(std::span<std::byte> slots, const Pid1Block& block,
                 std::uint64_t sequence) noexcept;

enum class Trust : std::uint8_t {
    NeverWritten,  ///< PID 1 had not come so far
    Nothing,       ///< both slots are damaged
    KeptOnly,      ///< of a version that is not known, or with values that cannot be
    All,
};

struct ReadBlock {
    Trust trust = Trust::NeverWritten;
    std::uint16_t version = 0;
    std::uint64_t sequence = 0;
    Pid1Block block = empty_block();
};

/// Reads the newest whole block of @p image, which may be anything.
ReadBlock read_block(std::span<const std::byte> image) noexcept;

/// One entry's process. Of a form that never changes, like the kept part.
struct EntryRecord {
    std::uint64_t key;  ///< entry_key(); 0: none
    std::int64_t started;
    std::int64_t due;  ///< kNoTime: not waiting to be started again
    std::int32_t pid;
    std::uint32_t short_runs;
    std::uint32_t flags;  ///< 1: ran, and is not to run again; 2: runs on demand
    std::uint32_t sequence;
    std::uint64_t checksum;
};

/// Two copies, written in turn like the block's slots, and the pid as the kernel writes it before
/// the child's first instruction: a process is known from its birth on.
struct EntryRecordPair {
    EntryRecord copies[2];
    std::int32_t born;
    std::int32_t spare;
};
static_assert(sizeof(EntryRecordPair) == 104);

void write_record(EntryRecordPair& pair, EntryRecord record) noexcept;

/// The newest whole copy. Nothing when there is none.
std::optional<EntryRecord> newest_record(const EntryRecordPair& pair) noexcept;

/// What an entry is known by in records: the same terminal or id, and the same process.
std::uint64_t entry_key(std::string_view id, std::string_view process) noexcept;

/// The table's text in @p image, empty where @p place leads out of it.
std::string_view table_text(std::span<const std::byte> image, const TablePlace& place) noexcept;

/// A copy of the record pair number @p index; nothing where it leads out of the image.
std::optional<EntryRecordPair> record_at(std::span<const std::byte> image, const TablePlace& place,
                                         std::size_t index) noexcept;

}  // namespace mainstay::init
