#include "init/inittab_plan.h"

#include <algorithm>

namespace mainstay::init {
namespace {

char small(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_single_user(char runlevel) noexcept {
    return small(runlevel) == 's';
}

/// An empty field stands for all numbered runlevels; power fails in the single-user one as well.
bool is_in_runlevel(const Entry& entry, InittabStyle style, char runlevel) noexcept {
    if (style == InittabStyle::Busybox) {
        return true;
    }
    if (entry.runlevels.empty()) {
        return !is_single_user(runlevel) || entry.action == Action::PowerWait ||
               entry.action == Action::PowerFail;
    }
    return std::any_of(entry.runlevels.begin(), entry.runlevels.end(),
                       [&](char c) { return small(c) == small(runlevel); });
}

/// sysvinit enters the single-user runlevel before its boot entries, which then do not run.
bool runs_boot_entries(InittabStyle style, char runlevel) noexcept {
    return style == InittabStyle::Busybox || !is_single_user(runlevel);
}

bool is_same(const Entry& a, const Entry& b) noexcept {
    return a.id == b.id && a.process == b.process;
}

}  // namespace

EntryClass class_of(const Entry& entry, InittabStyle style, char runlevel) noexcept {
    const auto if_in_runlevel = [&](EntryClass wanted) {
        return is_in_runlevel(entry, style, runlevel) ? wanted : EntryClass::None;
    };
    switch (entry.action) {
        case Action::Sysinit:
            return EntryClass::Sysinit;
        case Action::Native:
            return EntryClass::Native;
        case Action::Boot:
            return runs_boot_entries(style, runlevel) ? EntryClass::Once : EntryClass::None;
        case Action::BootWait:
            return runs_boot_entries(style, runlevel) ? EntryClass::Wait : EntryClass::None;
        case Action::Wait:
            return if_in_runlevel(EntryClass::Wait);
        case Action::Once:
            return if_in_runlevel(EntryClass::Once);
        case Action::Respawn:
        case Action::Askfirst:
        case Action::Supervise:
            return if_in_runlevel(EntryClass::Respawn);
        case Action::CtrlAltDel:
            return if_in_runlevel(EntryClass::CtrlAltDel);
        case Action::Shutdown:
            return EntryClass::Shutdown;
        case Action::Restart:
            return EntryClass::Restart;
        case Action::PowerWait:
        case Action::PowerFail:
            return if_in_runlevel(EntryClass::PowerFail);
        case Action::KbRequest:
            return if_in_runlevel(EntryClass::KbRequest);
        case Action::Off:
        case Action::OnDemand:
        case Action::InitDefault:
        case Action::PowerOkWait:
        case Action::PowerFailNow:
            return EntryClass::None;
    }
    return EntryClass::None;
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
        return highest != '\0' ? highest : kDefault;
    }
    return kDefault;
}

bool keeps_running(EntryClass before, EntryClass after) noexcept {
    const auto is_lasting = [](EntryClass entry_class) {
        return entry_class == EntryClass::Once || entry_class == EntryClass::Respawn;
    };
    return before == after || (is_lasting(before) && is_lasting(after));
}

std::size_t next_of_class(std::span<const Entry> entries, InittabStyle style, char runlevel,
                          EntryClass wanted, std::size_t from) noexcept {
    for (std::size_t i = from; i < entries.size(); ++i) {
        const EntryClass found = class_of(entries[i], style, runlevel);
        if (found == wanted || (wanted == EntryClass::Sysinit && found == EntryClass::Native)) {
            return i;
        }
    }
    return entries.size();
}

void match_entries(std::span<const Entry> before, std::span<const Entry> after,
                   std::span<std::uint32_t> same_as, std::span<bool> taken) noexcept {
    std::fill(taken.begin(), taken.end(), false);
    // Each search goes on where the last one found something: a file that hardly changed costs one
    // pass, not the product of the two lengths.
    std::size_t start = 0;
    for (std::size_t i = 0; i < after.size(); ++i) {
        same_as[i] = kNoEntry;
        for (std::size_t step = 0; step < before.size(); ++step) {
            const std::size_t candidate = (start + step) % before.size();
            if (!taken[candidate] && is_same(before[candidate], after[i])) {
                taken[candidate] = true;
                same_as[i] = static_cast<std::uint32_t>(candidate);
                start = candidate + 1;
                break;
            }
        }
    }
}

}  // namespace mainstay::init
