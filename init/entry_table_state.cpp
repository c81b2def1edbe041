#include "init/entry_table.h"

#include <algorithm>

// The part of the table that writes down the entries' processes, and reads what another program
// wrote down.

namespace mainstay::init {
namespace {

/// What was wrong with the text was said when it was read the first time.
class NoReport final : public InittabReport {
  public:
    void problem(std::uint32_t /*line*/, std::string_view /*message*/) noexcept override {}
};

// Of a record's flags.
constexpr std::uint32_t kOver = 1;
constexpr std::uint32_t kDemanded = 2;

std::int64_t count_of(MonotonicTime time) noexcept {
    return time.time_since_epoch().count();
}

MonotonicTime time_of(std::int64_t count) noexcept {
    return MonotonicTime(Duration(count));
}

}  // namespace

bool EntryTable::restore_text(std::span<const std::byte> image, const TablePlace& place,
                              std::optional<InittabStyle> style, Log& log) noexcept {
    forced_style_ = style;
    const std::string_view text = table_text(image, place);
    if (text.empty() || text.size() > kMaxInittabText) {
        return false;
    }
    char* const kept = state_.table(active_).text;
    std::copy(text.begin(), text.end(), kept);
    if (place.is_builtin != 0) {
        parse_builtin({kept, text.size()}, log);
    } else {
        NoReport report;
        parse(halves_[active_], {kept, text.size()}, report);
    }
    changed_.all = true;
    return halves_[active_].count > 0;
}

/// @returns a process that no entry is known for, or 0
pid_t EntryTable::restore_slot(const EntryRecordPair& pair, std::size_t index) noexcept {
    const auto record = newest_record(pair);
    if (!record) {
        return 0;
    }
    // Born after the record was written: the exec came in between.
    const pid_t pid = record->pid != 0 ? record->pid : pair.born;
    const std::size_t place = find_free(record->key, index);
    if (place >= entries().size()) {
        return pid;
    }
    const bool is_due_later = record->due != kNoTime;
    all_slots()[place] = {pid,
                          time_of(record->started),
                          is_due_later ? time_of(record->due) : MonotonicTime{},
                          record->short_runs,
                          is_due_later,
                          (record->flags & kOver) != 0,
                          (record->flags & kDemanded) != 0};
    return 0;
}

std::uint64_t EntryTable::key_at(std::size_t index) const noexcept {
    return index < entries().size() ? entry_key(entries()[index].id, entries()[index].process) : 0;
}

std::size_t EntryTable::find_key(std::uint64_t key, std::size_t index) const noexcept {
    const std::size_t count = entries().size();
    for (std::size_t step = 0; key != 0 && step < count; ++step) {
        const std::size_t i = (index + step) % count;
        if (key_at(i) == key) {
            return i;
        }
    }
    return count;
}

/// Like find_key, but of several entries that are the same only one whose slot is still blank.
std::size_t EntryTable::find_free(std::uint64_t key, std::size_t index) noexcept {
    const std::size_t count = entries().size();
    for (std::size_t step = 0; step < count; ++step) {
        const std::size_t i = (index + step) % count;
        if (key_at(i) == key && all_slots()[i] == Slot{}) {
            return i;
        }
    }
    return count;
}

pid_t* EntryTable::birth_place(std::size_t index) noexcept {
    pid_t& born = state_.table(active_).records[index].born;
    born = 0;
    return &born;
}

void EntryTable::save_slot(std::size_t index) noexcept {
    const Slot& slot = all_slots()[index];
    EntryRecord record{};
    record.key = key_at(index);
    record.started = count_of(slot.started);
    record.due = slot.is_due_later ? count_of(slot.due) : kNoTime;
    record.pid = slot.pid;
    record.short_runs = slot.short_runs;
    record.flags = (slot.is_over ? kOver : 0) | (slot.is_demanded ? kDemanded : 0);
    EntryRecordPair& pair = state_.table(active_).records[index];
    write_record(pair, record);
    pair.born = slot.pid;
}

void EntryTable::save_slots() noexcept {
    if (changed_.all) {
        for (std::size_t i = 0; i < entries().size(); ++i) {
            save_slot(i);
        }
    } else {
        for (const std::uint32_t index : changed_.indices) {
            save_slot(index);
        }
    }
    changed_ = {};
}

TablePlace EntryTable::place() noexcept {
    TableArea& area = state_.table(active_);
    TablePlace place{};
    place.text_offset = state_.offset_of(area.text);
    place.records_offset = state_.offset_of(area.records);
    place.text_size = static_cast<std::uint32_t>(halves_[active_].text_size);
    place.record_count = static_cast<std::uint32_t>(halves_[active_].count);
    place.record_stride = sizeof(EntryRecordPair);
    place.is_builtin = halves_[active_].is_builtin ? 1 : 0;
    return place;
}

}  // namespace mainstay::init
