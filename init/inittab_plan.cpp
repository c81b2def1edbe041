#include "init/inittab_plan.h"

#include <algorithm>

namespace mainstay::init {
namespace {

char small(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_single_user(char level) noexcept {
    return level == 'S';
}

bool is_boot(char level) noexcept {
    return level == kSysinitLevel || level == kBootLevel;
}

/// An empty field stands for all numbered runlevels.
bool is_in_level(const Entry& entry, const LevelView& view) noexcept {
    if (view.style == InittabStyle::Busybox) {
        return true;
    }
    const bool is_demanded =
        view.is_demanded && !is_boot(view.level) && !is_single_user(view.level);
    return is_demanded || names_level(entry, view.level) ||
           (entry.runlevels.empty() && view.level >= '0' && view.level <= '9');
}

/// What an event starts also runs in the single-user level if it names none, and whatever it names
/// while the system boots: the event will not come again.
bool hears_events(const Entry& entry, const LevelView& view) noexcept {
    return is_in_level(entry, view) || entry.runlevels.empty() || is_boot(view.level);
}

/// Of the time before the first runlevel, which in busybox's style is no time of its own.
bool is_time_of(const LevelView& view, char level) noexcept {
    return view.style == InittabStyle::Busybox || view.level == level;
}

bool is_same(const Entry& a, const Entry& b, InittabStyle style) noexcept {
    return a.id == b.id &&
           (a.process == b.process || (style == InittabStyle::Sysvinit && a.id != kSharedId));
}

}  // namespace

EntryClass class_of(const Entry& entry, const LevelView& view) noexcept {
    const auto only_if = [](bool holds, EntryClass wanted) {
        return holds ? wanted : EntryClass::None;
    };
    switch (entry.action) {
        case Action::Sysinit:
            return only_if(is_time_of(view, kSysinitLevel), EntryClass::Sysinit);
        case Action::Native:
            return only_if(is_time_of(view, kSysinitLevel), EntryClass::Native);
        case Action::Boot:
            return only_if(is_time_of(view, kBootLevel), EntryClass::Once);
        case Action::BootWait:
            return only_if(is_time_of(view, kBootLevel), EntryClass::Wait);
        case Action::Wait:
            return only_if(is_in_level(entry, view), EntryClass::Wait);
        case Action::Once:
            return only_if(is_in_level(entry, view), EntryClass::Once);
        case Action::Respawn:
        case Action::Askfirst:
        case Action::Supervise:
            return only_if(is_in_level(entry, view), EntryClass::Respawn);
        case Action::OnDemand:
            return only_if(view.style == InittabStyle::Sysvinit && is_in_level(entry, view),
                           EntryClass::Respawn);
        case Action::CtrlAltDel:
            return only_if(hears_events(entry, view), EntryClass::CtrlAltDel);
        case Action::Shutdown:
            return EntryClass::Shutdown;
        case Action::Restart:
            return EntryClass::Restart;
        case Action::PowerWait:
        case Action::PowerFail:
            return only_if(hears_events(entry, view), EntryClass::PowerFail);
        case Action::PowerFailNow:
            return only_if(hears_events(entry, view), EntryClass::PowerLow);
        case Action::PowerOkWait:
            return only_if(hears_events(entry, view), EntryClass::PowerOk);
        case Action::KbRequest:
            return only_if(hears_events(entry, view), EntryClass::KbRequest);
        case Action::Off:
        case Action::InitDefault:
            return EntryClass::None;
    }
    return EntryClass::None;
}

bool is_of_class(EntryClass found, EntryClass wanted) noexcept {
    return found == wanted || (wanted == EntryClass::Sysinit && found == EntryClass::Native);
}

bool names_level(const Entry& entry, char level) noexcept {
    return std::any_of(entry.runlevels.begin(), entry.runlevels.end(),
                       [level](char c) { return small(c) == small(level); });
}

char initial_runlevel(std::span<const Entry> entries) noexcept {
    constexpr char kDefault = '3';
    for (const Entry& entry : entries) {
        if (entry.action != Action::InitDefault) {
            continue;
        }
        char highest = '\0';
        for (const char level : entry.runlevels) {
            const bool is_small = level >= 'a' && level <= 'z';
            highest = std::max(highest, is_small ? static_cast<char>(level - 'a' + 'A') : level);
        }
        const bool is_level = (highest >= '0' && highest <= '9') || highest == 'S';
        return is_level ? highest : kDefault;
    }
    return kDefault;
}

bool keeps_running(EntryState before, EntryState after, InittabStyle style) noexcept {
    if (style == InittabStyle::Sysvinit) {
        return before.action == after.action &&
               (before.entry_class == after.entry_class || after.entry_class != EntryClass::None);
    }
    const auto is_lasting = [](EntryState state) {
        return state.entry_class == EntryClass::Once || state.entry_class == EntryClass::Respawn;
    };
    return before.entry_class == after.entry_class || (is_lasting(before) && is_lasting(after));
}

void match_entries(std::span<const Entry> before, std::span<const Entry> after, InittabStyle style,
                   std::span<std::uint32_t> same_as, std::span<bool> taken) noexcept {
    std::fill(taken.begin(), taken.end(), false);
    // Each search goes on where the last one found something: a file that hardly changed costs one
    // pass, not the product of the two lengths.
    std::size_t start = 0;
    for (std::size_t i = 0; i < after.size(); ++i) {
        same_as[i] = kNoEntry;
        for (std::size_t step = 0; step < before.size(); ++step) {
            const std::size_t candidate = (start + step) % before.size();
            if (!taken[candidate] && is_same(before[candidate], after[i], style)) {
                taken[candidate] = true;
                same_as[i] = static_cast<std::uint32_t>(candidate);
                start = candidate + 1;
                break;
            }
        }
    }
}

}  // namespace mainstay::init
