#include "init/living_processes.h"

#include <cstring>

namespace mainstay::init {

std::optional<SlotArea> find_slots(std::span<const std::byte> header,
                                   std::uint64_t table_size) noexcept {
    state_table::Header read;
    if (header.size() < sizeof read) {
        return std::nullopt;
    }
    std::memcpy(&read, header.data(), sizeof read);
    if (read.magic != state_table::kMagic || read.version == 0 || read.header_size < sizeof read ||
        !state_table::is_sound(read.geometry, table_size) ||
        read.used_slots > read.geometry.slot_count || read.geometry.slot_size < kSlotHeadSize) {
        return std::nullopt;
    }
    return SlotArea{read.geometry.slots_offset, read.geometry.slot_size, read.used_slots};
}

SlotProcesses living_in(std::span<const std::byte> head, std::uint32_t number) noexcept {
    SlotProcesses found;
    if (head.size() < kSlotHeadSize) {
        return found;
    }
    state_table::Slot slot;
    std::memcpy(static_cast<void*>(&slot), head.data(), kSlotHeadSize);
    for (std::uint32_t role = 0; slot.service != 0 && role < state_table::kRoles; ++role) {
        const state_table::ProcessWords& words = slot.processes[role];
        if (words.pid > 1 && !state_table::has_ended(words)) {
            (void)found.push_back({words.pid, 0, number, role, slot.service, words.generation});
        }
    }
    return found;
}

}  // namespace mainstay::init
