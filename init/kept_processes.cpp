#include "init/kept_processes.h"

namespace mainstay::init {
namespace {

// An exit's number says where it stands: below, the entry; above, a count that tells it from others
// that stood there before.
constexpr std::uint32_t kMask = KeptProcesses::kMost - 1;
static_assert((KeptProcesses::kMost & kMask) == 0, "a power of two");

}  // namespace

LinkProcess KeptProcess::process() const noexcept {
    return {pid, wait_status, slot, role, service, generation};
}

/// Goes round once from where the last search ended: what is looked for one after the other mostly
/// stands one after the other.
template <typename Wanted>
std::optional<std::uint32_t> KeptProcesses::find(Wanted wanted) noexcept {
    for (std::uint32_t tried = 0; tried < used; ++tried) {
        search = search + 1 < used ? search + 1 : 0;
        if (wanted(entries[search])) {
            return search;
        }
    }
    return std::nullopt;
}

std::optional<std::uint32_t> KeptProcesses::find_free() noexcept {
    if (living + ended < used) {
        return find([](const KeptProcess& entry) { return entry.fate == Fate::None; });
    }
    if (used == kMost) {
        return std::nullopt;
    }
    return used++;
}

bool KeptProcesses::has_exit_of(const LinkProcess& process) noexcept {
    return ended > 0 && find([&process](const KeptProcess& entry) {
                            return (entry.fate == Fate::Ended || entry.fate == Fate::Told) &&
                                   entry.pid == process.pid && entry.slot == process.slot &&
                                   entry.role == process.role &&
                                   entry.generation == process.generation;
                        }).has_value();
}

std::optional<std::uint32_t> KeptProcesses::find_living(std::int32_t pid) noexcept {
    if (living == 0) {
        return std::nullopt;
    }
    return find(
        [pid](const KeptProcess& entry) { return entry.fate == Fate::Lives && entry.pid == pid; });
}

bool KeptProcesses::adopt(const LinkProcess& process) noexcept {
    if (has_exit_of(process)) {
        return true;
    }
    auto index = find_living(process.pid);
    if (!index) {
        index = find_free();
        if (!index) {
            return false;
        }
        ++living;
    }
    entries[*index] = {
        Fate::Lives,       0, process.pid, 0, process.slot, process.role, process.service,
        process.generation};
    return true;
}

bool KeptProcesses::ended_with(std::int32_t pid, std::int32_t wait_status) noexcept {
    const auto index = find_living(pid);
    if (!index) {
        return false;
    }
    KeptProcess& entry = entries[*index];
    entry.wait_status = wait_status;
    do {
        entry.exit_number = ++last_exit * kMost + *index;
    } while (entry.exit_number == 0);
    entry.fate = Fate::Ended;
    --living;
    ++ended;
    ++untold;
    return true;
}

bool KeptProcesses::recorded(std::uint32_t exit_number) noexcept {
    KeptProcess& entry = entries[exit_number & kMask];
    const bool has_ended = entry.fate == Fate::Ended || entry.fate == Fate::Told;
    if (!has_ended || entry.exit_number != exit_number) {
        return false;
    }
    untold -= entry.fate == Fate::Ended ? 1 : 0;
    --ended;
    entry = {};
    while (used > 0 && entries[used - 1].fate == Fate::None) {
        --used;
    }
    return true;
}

void KeptProcesses::tell_again() noexcept {
    for (std::uint32_t i = 0; i < used; ++i) {
        if (entries[i].fate == Fate::Told) {
            entries[i].fate = Fate::Ended;
        }
    }
    untold = ended;
}

std::optional<std::uint32_t> KeptProcesses::next_untold() noexcept {
    if (untold == 0) {
        return std::nullopt;
    }
    const auto is_untold = [](const KeptProcess& entry) { return entry.fate == Fate::Ended; };
    // Asked again without told() in between, it is the same one.
    if (search < used && is_untold(entries[search])) {
        return search;
    }
    return find(is_untold);
}

void KeptProcesses::told(std::uint32_t index) noexcept {
    if (index < used && entries[index].fate == Fate::Ended) {
        entries[index].fate = Fate::Told;
        --untold;
    }
}

std::uint32_t KeptProcesses::next_living(std::uint32_t index) const noexcept {
    while (index < used && entries[index].fate != Fate::Lives) {
        ++index;
    }
    return index < used ? index : kMost;
}

void KeptProcesses::restore(const KeptProcess& entry) noexcept {
    if (entry.pid <= 1 ||
        (entry.fate != Fate::Lives && entry.fate != Fate::Ended && entry.fate != Fate::Told)) {
        return;
    }
    if (adopt(entry.process()) && entry.fate != Fate::Lives) {
        (void)ended_with(entry.pid, entry.wait_status);
    }
}

}  // namespace mainstay::init
