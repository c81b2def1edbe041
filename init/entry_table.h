/// The inittab entries in force and what each is doing. Two tables' worth of memory are reserved at
/// boot; a reload reads into the other one and changes over, so nothing is allocated later and a
/// file that cannot be read leaves everything as it was.
///
/// Text and processes lie in the memory that outlives the program: whoever goes on as PID 1 reads
/// the same text again, whatever the file says by then, and knows each entry's process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>

#include "common/clock.h"
#include "common/result.h"
#include "init/inittab.h"
#include "init/inittab_plan.h"
#include "init/log.h"
#include "init/mapped_memory.h"
#include "init/state_memory.h"
#include "init/terminal.h"

namespace mainstay::init {

/// One entry's process.
struct Slot {
    pid_t pid = 0;                 ///< 0: none is running
    MonotonicTime started{};       ///< of the run under way or the last one
    MonotonicTime due{};           ///< when waiting to be started again
    std::uint32_t short_runs = 0;  ///< as pace_restart counts them
    bool is_due_later = false;     ///< due counts
    bool is_over = false;          ///< ran, and is not to run again (once)
    bool is_demanded = false;      ///< `telinit a` named it, or b or c

    friend bool operator==(const Slot&, const Slot&) noexcept = default;
};

class EntryTable {
  public:
    /// Where the shells of the built-in entries are to be.
    enum class Consoles : std::uint8_t {
        Kernels,  ///< on each terminal that the kernel uses as its console
        Own,      ///< on PID 1's own: in a container the kernel's are its host's
    };

    explicit EntryTable(StateMemory& state) noexcept : state_(state) {}

    /// Reserves the memory. To be called once, before anything else.
    Result<void> reserve() noexcept;

    /// Reads @p path. Without the file, or without a valid entry in it, the built-in defaults are
    /// used.
    void load(const char* path, std::optional<InittabStyle> style, Consoles consoles,
              Log& log) noexcept;

    /// Reads what another program left: the text that was in force, and the processes.
    /// @returns false when there is no such text; the processes are then still to be taken over
    bool restore_text(std::span<const std::byte> image, const TablePlace& place,
                      std::optional<InittabStyle> style, Log& log) noexcept;

    /// Gives the entries the processes that stand in @p image. One that belongs to no entry is
    /// handed to @p orphaned(pid).
    template <typename Orphaned>
    void restore_slots(std::span<const std::byte> image, const TablePlace& place,
                       Orphaned&& orphaned) noexcept {
        for (std::size_t i = 0; i < place.record_count; ++i) {
            if (const auto pair = record_at(image, place, i)) {
                const pid_t left_over = restore_slot(*pair, i);
                if (left_over != 0) {
                    orphaned(left_over);
                }
            }
        }
        changed_.all = true;
    }

    /// Writes down what has changed since the last time.
    void save_slots() noexcept;
    TablePlace place() noexcept;

    /// What the entry number @p index is known by; 0 where there is none.
    std::uint64_t key_at(std::size_t index) const noexcept;
    /// The entry of @p key at @p index or, where the table is not quite the same, elsewhere; the
    /// number of entries if it is nowhere.
    std::size_t find_key(std::uint64_t key, std::size_t index) const noexcept;

    /// Where the kernel is to write the pid of the entry's next process at its birth.
    pid_t* birth_place(std::size_t index) noexcept;

    /// Reads @p path again. Entries that are unchanged keep their slot; processes of entries that
    /// are gone, or turned into another kind, are handed to @p remove(pid, entry), to be ended. A
    /// file that cannot be read, or holds no valid entry, changes nothing.
    template <typename Remove>
    void reload(const char* path, Log& log, Remove&& remove) noexcept {
        if (!read_other(path, log)) {
            return;
        }
        Half& before = halves_[active_];
        Half& after = halves_[1 - active_];
        carry_over(before, after);
        for (std::size_t i = 0; i < before.count; ++i) {
            if (!lives_on(i) && before.slots()[i].pid != 0) {
                remove(before.slots()[i].pid, before.entries()[i]);
            }
        }
        active_ = 1 - active_;
        changed_.all = true;
    }

    std::span<const Entry> entries() const noexcept {
        return {halves_[active_].entries(), halves_[active_].count};
    }
    std::span<const Slot> slots() noexcept { return all_slots(); }
    /// For changing it.
    Slot& slot(std::size_t index) noexcept {
        if (!changed_.indices.push_back(static_cast<std::uint32_t>(index))) {
            changed_.all = true;
        }
        return all_slots()[index];
    }
    InittabStyle style() const noexcept { return halves_[active_].style; }
    EntryClass class_at(std::size_t index) const noexcept {
        return class_in(halves_[active_], index);
    }
    bool has(EntryClass wanted) const noexcept { return next(wanted, 0) < entries().size(); }
    /// Index of the entry of @p wanted class at or after @p from; the number of entries when there
    /// is none.
    std::size_t next(EntryClass wanted, std::size_t from) const noexcept;

    /// Of sysvinit's style: the level that decides which entries run, as pid1_state has it.
    void set_level(char level) noexcept { level_ = level; }
    /// Of the initdefault entry; NUL in busybox's style.
    char default_level() const noexcept {
        return style() == InittabStyle::Sysvinit ? halves_[active_].runlevel : '\0';
    }
    /// Whether an entry that runs by itself names @p level, of 0 and 6.
    bool has_level(char level) const noexcept { return halves_[active_].names[level == '6']; }
    /// The entry whose process is @p pid, or the number of entries.
    std::size_t find(pid_t pid) noexcept;

  private:
    /// One table: entries and slots in one reservation; the text lies in the state memory.
    struct Half {
        MappedMemory memory;
        std::size_t count = 0;
        std::size_t text_size = 0;
        InittabStyle style = InittabStyle::Busybox;
        char runlevel = '3';  ///< of the initdefault entry; counts in sysvinit's style only
        bool names[2] = {false, false};  ///< whether entries name level 0, and 6
        bool is_builtin = false;

        Entry* entries() noexcept;
        const Entry* entries() const noexcept;
        Slot* slots() noexcept;
        const Slot* slots() const noexcept;
    };

    EntryClass class_in(const Half& half, std::size_t index) const noexcept {
        return class_of(half.entries()[index],
                        {half.style, level_, half.slots()[index].is_demanded});
    }
    void look_at_levels(Half& half) noexcept;

    bool read_other(const char* path, Log& log) noexcept;
    /// @p text is what was read of the file, into the memory of the half of this number.
    bool parse_into(int number, const char* path, const Result<std::string_view>& text,
                    Log& log) noexcept;
    void parse(Half& half, std::string_view text, InittabReport& report) noexcept;
    void use_defaults(Consoles consoles, Log& log) noexcept;
    void parse_builtin(std::string_view text, Log& log) noexcept;
    pid_t restore_slot(const EntryRecordPair& pair, std::size_t index) noexcept;
    void save_slot(std::size_t index) noexcept;
    std::size_t find_free(std::uint64_t key, std::size_t index) noexcept;
    std::span<Slot> all_slots() noexcept {
        return {halves_[active_].slots(), halves_[active_].count};
    }
    void carry_over(Half& before, Half& after) noexcept;
    bool lives_on(std::size_t index) noexcept;

    /// Slots that are not written down yet.
    struct Changed {
        FixedVector<std::uint32_t, 32> indices;
        bool all = false;
    };

    StateMemory& state_;
    Half halves_[2];
    int active_ = 0;
    char level_ = kSysinitLevel;
    Changed changed_;
    std::optional<InittabStyle> forced_style_;
    MappedMemory scratch_;  ///< for match_entries
};

}  // namespace mainstay::init
