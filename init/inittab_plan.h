/// PURE. Which entries to run when, and what a reload starts and stops.
#pragma once

#include <cstdint>
#include <span>

#include "init/inittab.h"

namespace mainstay::init {

/// When an entry runs. One action belongs to one class; what does not run by itself is None.
enum class EntryClass : std::uint8_t {
    None,
    Sysinit,  ///< one after the other, first
    Wait,     ///< one after the other, then
    Once,     ///< started together after those, never again
    Respawn,  ///< started together, and again whenever they end
    CtrlAltDel,
    Shutdown,  ///< one after the other when the system goes down
    Restart,   ///< executed in the place of PID 1
    PowerFail,
    KbRequest,
    Native,  ///< a step of our own, done in file order among the sysinit entries
};

/// @param runlevel the current one, such as '3'; of no meaning in busybox's style
EntryClass class_of(const Entry& entry, InittabStyle style, char runlevel) noexcept;

/// The runlevel that a file of sysvinit's style starts in: the highest of its initdefault entry,
/// small letters as capitals. '3' without such an entry.
char initial_runlevel(std::span<const Entry> entries) noexcept;

/// Whether an entry's process goes on running when only this entry's class changes from @p before
/// to
/// @p after in a reload.
bool keeps_running(EntryClass before, EntryClass after) noexcept;

/// Index of the entry of @p wanted class (sysinit includes native) at or after @p from; the number
/// of entries when there is none.
std::size_t next_of_class(std::span<const Entry> entries, InittabStyle style, char runlevel,
                          EntryClass wanted, std::size_t from) noexcept;

inline constexpr std::uint32_t kNoEntry = 0xffffffffU;

/// For each entry of a new table, the entry of the old one that is the same (same terminal or id,
/// same process, duplicates matched one to one), or kNoEntry.
/// @param same_as as many elements as @p after
/// @param taken scratch room of as many elements as @p before; on return, whether an old entry
/// lives on
void match_entries(std::span<const Entry> before, std::span<const Entry> after,
                   std::span<std::uint32_t> same_as, std::span<bool> taken) noexcept;

}  // namespace mainstay::init
