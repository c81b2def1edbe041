#include "common/state_table.h"

#include <algorithm>
#include <cstring>

#include "common/state_table_writer.h"

namespace mainstay::state_table {
namespace {

constexpr std::uint32_t kHeaderRoom = 4096;
constexpr std::uint32_t kJournalRoom = 4096;
constexpr std::uint32_t kAlignment = 8;
/// Of the least that a table of any version has of each.
constexpr std::uint32_t kLeastSlot = offsetof(Slot, record);
constexpr std::uint32_t kLeastJournal = 64;

constexpr std::uint32_t page_aligned(std::size_t size) noexcept {
    return static_cast<std::uint32_t>((size + 4095) & ~std::size_t{4095});
}

struct Area {
    std::uint64_t offset;
    std::uint64_t size;
};

bool follow_each_other(std::span<const Area> areas, std::uint64_t begin,
                       std::uint64_t end) noexcept {
    for (const Area& area : areas) {
        if (area.offset < begin || area.size > end || area.offset > end - area.size ||
            area.offset % kAlignment != 0 || area.size % kAlignment != 0) {
            return false;
        }
        begin = area.offset + area.size;
    }
    return true;
}

}  // namespace

bool is_sound(const Geometry& geometry, std::size_t size) noexcept {
    const std::uint64_t count = geometry.slot_count;
    const std::array<Area, 3> areas = {{
        {geometry.journal_offset, geometry.journal_size},
        {geometry.slots_offset, count * geometry.slot_size},
        {geometry.details_offset, count * geometry.detail_size},
    }};
    return count > 0 && count <= kMostSlots && geometry.slot_size >= kLeastSlot &&
           geometry.slot_size % kAlignment == 0 && geometry.detail_size % kAlignment == 0 &&
           geometry.journal_size >= kLeastJournal && follow_each_other(areas, sizeof(Header), size);
}

Geometry own_geometry() noexcept {
    Geometry geometry;
    geometry.journal_offset = kHeaderRoom;
    geometry.journal_size = kJournalRoom;
    geometry.slots_offset = kHeaderRoom + kJournalRoom;
    geometry.slot_size = sizeof(Slot);
    geometry.slot_count = kMostSlots;
    geometry.details_offset =
        page_aligned(geometry.slots_offset + std::size_t{kMostSlots} * sizeof(Slot));
    geometry.detail_size = sizeof(Detail);
    return geometry;
}

std::size_t own_size() noexcept {
    return page_aligned(own_geometry().details_offset + std::size_t{kMostSlots} * sizeof(Detail));
}

std::optional<Reader> Reader::open(std::span<const std::byte> table) noexcept {
    Header header;
    if (table.size() < sizeof header) {
        return std::nullopt;
    }
    std::memcpy(&header, table.data(), sizeof header);
    const bool is_one =
        header.magic == kMagic && header.version != 0 && header.header_size >= sizeof header &&
        is_sound(header.geometry, table.size()) && header.used_slots <= header.geometry.slot_count;
    return is_one ? std::optional(Reader(table, header)) : std::nullopt;
}

Slot Reader::slot(std::uint32_t number) const noexcept {
    const Geometry& geometry = header_.geometry;
    const std::size_t offset = geometry.slots_offset + std::size_t{number} * geometry.slot_size;
    Slot slot;
    std::memcpy(static_cast<void*>(&slot), table_.data() + offset,
                std::min<std::size_t>(geometry.slot_size, sizeof slot));
    return slot;
}

Detail Reader::detail(std::uint32_t number) const noexcept {
    const Geometry& geometry = header_.geometry;
    const std::size_t offset = geometry.details_offset + std::size_t{number} * geometry.detail_size;
    Detail detail;
    std::memcpy(static_cast<void*>(&detail), table_.data() + offset,
                std::min<std::size_t>(geometry.detail_size, sizeof detail));
    return detail;
}

bool recover(std::span<std::byte> table) noexcept {
    const auto reader = Reader::open(table);
    if (!reader) {
        return false;
    }
    Journal<DirectStores> journal(table, reader->header().geometry);
    const bool makes_sense = journal.is_sound();
    if (makes_sense) {
        journal.carry_out();
    }
    journal.empty();
    return makes_sense;
}

}  // namespace mainstay::state_table
