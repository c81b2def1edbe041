/// PURE. What PID 1 reads out of the state table of a supervisor that has died: which processes
/// should live. It trusts nothing, and looks at no more than headers and process words
/// (common/state_table).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "common/boot_link.h"
#include "common/fixed.h"
#include "common/state_table.h"

namespace mainstay::init {

/// Where the slots are that were ever used.
struct SlotArea {
    std::uint64_t offset = 0;
    std::uint32_t slot_size = 0;
    std::uint32_t count = 0;
};

/// How much of each slot is looked at.
inline constexpr std::size_t kSlotHeadSize = offsetof(state_table::Slot, record);
static_assert(offsetof(state_table::Slot, processes) < kSlotHeadSize);

/// @param table_size of the whole table, of which @p header is the beginning
/// @returns nothing for what is no state table, or one whose parts do not lie within it
std::optional<SlotArea> find_slots(std::span<const std::byte> header,
                                   std::uint64_t table_size) noexcept;

using SlotProcesses = FixedVector<LinkProcess, state_table::kRoles>;

/// @param head the first bytes of slot @p number; nobody lives in a shorter one than kSlotHeadSize
SlotProcesses living_in(std::span<const std::byte> head, std::uint32_t number) noexcept;

}  // namespace mainstay::init
