/// The inittab entries in force and what each is doing. Two tables' worth of memory are reserved at
/// boot; a reload reads into the other one and changes over, so nothing is allocated later and a
/// file that cannot be read leaves everything as it was.
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
};

class EntryTable {
  public:
    /// Where the shells of the built-in entries are to be.
    enum class Consoles : std::uint8_t {
        Kernels,  ///< on each terminal that the kernel uses as its console
        Own,      ///< on PID 1's own: in a container the kernel's are its host's
    };

    /// Reserves the memory. To be called once, before anything else.
    Result<void> reserve() noexcept;

    /// Reads @p path. Without the file, or without a valid entry in it, the built-in defaults are
    /// used.
    void load(const char* path, std::optional<InittabStyle> style, Consoles consoles,
              Log& log) noexcept;

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
    }

    std::span<const Entry> entries() const noexcept {
        return {halves_[active_].entries(), halves_[active_].count};
    }
    std::span<Slot> slots() noexcept { return {halves_[active_].slots(), halves_[active_].count}; }
    InittabStyle style() const noexcept { return halves_[active_].style; }
    EntryClass class_at(std::size_t index) const noexcept {
        return class_of(entries()[index], style(), halves_[active_].runlevel);
    }
    bool has(EntryClass wanted) const noexcept { return next(wanted, 0) < entries().size(); }
    std::size_t next(EntryClass wanted, std::size_t from) const noexcept {
        return next_of_class(entries(), style(), halves_[active_].runlevel, wanted, from);
    }
    /// The entry whose process is @p pid, or the number of entries.
    std::size_t find(pid_t pid) noexcept;

  private:
    /// One table: text, entries and slots in one reservation.
    struct Half {
        MappedMemory memory;
        std::size_t count = 0;
        InittabStyle style = InittabStyle::Busybox;
        char runlevel = '3';  ///< of the initdefault entry; counts in sysvinit's style only

        char* text() noexcept;
        Entry* entries() noexcept;
        const Entry* entries() const noexcept;
        Slot* slots() noexcept;
    };

    bool read_other(const char* path, Log& log) noexcept;
    /// @p text is what was read of the file, into the half's own memory.
    bool parse_into(Half& half, const char* path, const Result<std::string_view>& text,
                    Log& log) noexcept;
    void use_defaults(Half& half, Consoles consoles, Log& log) noexcept;
    void carry_over(Half& before, Half& after) noexcept;
    bool lives_on(std::size_t index) noexcept;

    Half halves_[2];
    int active_ = 0;
    std::optional<InittabStyle> forced_style_;
    MappedMemory scratch_;    ///< for match_entries
    TerminalNames consoles_;  ///< the default entries point here
};

}  // namespace mainstay::init
