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
    PowerLow,
    PowerOk,
    // Numbers are kept (pid1_block.h): what is new comes last.
};
inline constexpr std::size_t kEntryClassCount = 13;

/// What sysvinit calls the time before the first runlevel.
inline constexpr char kSysinitLevel = '#';
inline constexpr char kBootLevel = '*';  ///< of boot and bootwait

/// What decides, besides the entry itself, whether it is to run.
struct LevelView {
    InittabStyle style = InittabStyle::Busybox;  ///< in busybox's the rest means nothing
    char level = '3';                            ///< '#', '*', 0-9 or S
    bool is_demanded = false;                    ///< `telinit a` named the entry, or b or c
};

EntryClass class_of(const Entry& entry, const LevelView& view) noexcept;

/// Whether @p found is of the @p wanted class; sysinit includes native.
bool is_of_class(EntryClass found, EntryClass wanted) noexcept;

/// Whether the entry's runlevels name @p level, in either case; an empty field names none.
bool names_level(const Entry& entry, char level) noexcept;

/// The runlevel that a file of sysvinit's style starts in: the highest of its initdefault entry,
/// small letters as capitals. '3' without such an entry, or where that is none of 0-9 and S.
char initial_runlevel(std::span<const Entry> entries) noexcept;

/// Whether a process goes on running when a reload turns its entry from @p before into @p after,
/// which is the same otherwise.
struct EntryState {
    Action action;
    EntryClass entry_class;
};
bool keeps_running(EntryState before, EntryState after, InittabStyle style) noexcept;

inline constexpr std::uint32_t kNoEntry = 0xffffffffU;

/// For each entry of a new table, the entry of the old one that is the same, or kNoEntry. In
/// busybox's style that is one of the same terminal and process, in sysvinit's one of the same id:
/// there a new command counts from the process's next start. Duplicates are matched one to one.
/// @param same_as as many elements as @p after
/// @param taken scratch room of as many elements as @p before; on return, whether an old entry
/// lives on
void match_entries(std::span<const Entry> before, std::span<const Entry> after, InittabStyle style,
                   std::span<std::uint32_t> same_as, std::span<bool> taken) noexcept;

}  // namespace mainstay::init
