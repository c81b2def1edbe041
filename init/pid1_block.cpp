#include "init/pid1_block.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "init/inittab.h"
#include "init/inittab_plan.h"
#include "init/pid1_state.h"

namespace mainstay::init {
namespace {

struct SlotHeader {
    std::uint64_t magic;
    std::uint64_t checksum;
    std::uint64_t sequence;
    std::uint32_t size;  ///< of the block that follows
    std::uint16_t version;
    std::uint16_t spare;
};
static_assert(sizeof(SlotHeader) == 32);
static_assert(sizeof(SlotHeader) + sizeof(Pid1Block) <= kBlockSlotSize);
static_assert(sizeof(Pid1Block) % sizeof(std::uint64_t) == 0);

constexpr std::size_t kMaxBlock = kBlockSlotSize - sizeof(SlotHeader);

static_assert(Pid1Block::kMaxPresses == kImpatientPresses);

/// Eight bytes at a time, as this is done at every change. No defence against malice: nobody else
/// writes there.
class Checksum {
  public:
    void add(std::uint64_t word) noexcept {
        constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15ULL;
        sum_ = (sum_ ^ word) * kFactor;
        sum_ ^= sum_ >> 29U;
    }
    void add(std::span<const std::byte> bytes) noexcept {
        for (; bytes.size() >= sizeof(std::uint64_t); bytes = bytes.subspan(8)) {
            std::uint64_t word = 0;
            std::memcpy(&word, bytes.data(), sizeof word);
            add(word);
        }
        std::uint64_t rest = 0;
        if (!bytes.empty()) {
            std::memcpy(&rest, bytes.data(), bytes.size());
            add(rest);
        }
    }
    std::uint64_t sum() const noexcept { return sum_; }

  private:
    std::uint64_t sum_ = 0x6d61696e73746179ULL;
};

std::uint64_t checksum_of(const SlotHeader& header, std::span<const std::byte> block) noexcept {
    Checksum checksum;
    checksum.add(header.sequence);
    checksum.add((std::uint64_t{header.size} << 16U) | header.version);
    checksum.add(block);
    return checksum.sum();
}

std::uint64_t checksum_of(const EntryRecord& record) noexcept {
    Checksum checksum;
    checksum.add(std::as_bytes(std::span(&record, 1)).first(offsetof(EntryRecord, checksum)));
    return checksum.sum();
}

struct FoundSlot {
    SlotHeader header{};
    std::span<const std::byte> block;
};

/// The slot's header and content, copied out of what others may still write.
std::optional<FoundSlot> whole_slot(std::span<const std::byte> slot,
                                    std::array<std::byte, kMaxBlock>& copy) noexcept {
    FoundSlot found;
    std::memcpy(&found.header, slot.data(), sizeof found.header);
    if (found.header.magic != kBlockMagic || found.header.size < sizeof(KeptPart) ||
        found.header.size > kMaxBlock) {
        return std::nullopt;
    }
    std::memcpy(copy.data(), slot.data() + sizeof found.header, found.header.size);
    found.block = std::span(copy).first(found.header.size);
    if (checksum_of(found.header, found.block) != found.header.checksum) {
        return std::nullopt;
    }
    return found;
}

bool is_flag(std::uint8_t value) noexcept {
    return value <= 1;
}

bool is_class(std::uint8_t value) noexcept {
    return value < kEntryClassCount;
}

bool is_pid(std::int32_t pid) noexcept {
    return pid >= 0 && pid != 1;
}

/// A number that is no descriptor of ours becomes none; the same number twice is the first one's.
void check_descriptors(KeptDescriptors& descriptors) noexcept {
    std::int32_t* const all[] = {
        &descriptors.program,  &descriptors.previous,   &descriptors.keeper,  &descriptors.proc,
        &descriptors.watchdog, &descriptors.kernel_log, &descriptors.console, &descriptors.initctl};
    for (std::size_t i = 0; i < std::size(all); ++i) {
        const bool is_taken =
            std::any_of(all, all + i, [&](const std::int32_t* other) { return *other == *all[i]; });
        if (*all[i] <= 2 || is_taken) {
            *all[i] = -1;
        }
    }
}

void check_kept(KeptPart& kept) noexcept {
    check_descriptors(kept.descriptors);
    for (std::int32_t* pid : {&kept.supervisor_pid, &kept.waited_pid, &kept.helper_pid}) {
        if (!is_pid(*pid)) {
            *pid = 0;
        }
    }
    if (kept.request > static_cast<std::uint8_t>(Request::PowerOff)) {
        kept.request = 0;
    }
    kept.in_container = kept.in_container != 0 ? 1 : 0;
    kept.table.is_builtin = kept.table.is_builtin != 0 ? 1 : 0;
}

/// Where runlevels are known; NUL is the level of busybox's style.
bool is_level(std::uint8_t level) noexcept {
    constexpr std::string_view kLevels("\0#*S0123456789", 14);
    return kLevels.find(static_cast<char>(level)) != std::string_view::npos;
}

bool are_levels_possible(const Pid1Block& block) noexcept {
    const bool is_changing = block.phase == static_cast<std::uint8_t>(Phase::ChangeLevel);
    return is_level(block.level) && is_level(block.first_level) && is_flag(block.has_booted) &&
           is_flag(block.level_kills) && is_flag(block.is_up) &&
           (!is_changing || block.level != 0) &&
           (block.previous_level == 'N' || is_level(block.previous_level)) &&
           block.level_then <= static_cast<std::uint8_t>(Request::PowerOff) &&
           block.level_patience >= 0;
}

bool is_possible(const Pid1Block& block) noexcept {
    const bool flags = is_flag(block.paused) && is_flag(block.reload_waits) &&
                       is_flag(block.waits) && is_flag(block.on_console);
    const bool counts =
        block.phase < kPhaseCount && block.round <= kUnmountRounds &&
        block.press_count <= Pid1Block::kMaxPresses && block.start_count <= Pid1Block::kMaxStarts &&
        block.oldest_start < Pid1Block::kMaxStarts && block.cursor <= kMaxInittabEntries + 1;
    // A reset by seven presses ends the system without a request.
    const bool is_asked = block.kept.request != 0;
    const bool goes_down = is_going_down(static_cast<Phase>(block.phase));
    const bool is_over = block.phase == static_cast<std::uint8_t>(Phase::Ended);
    return flags && counts && (is_asked == goes_down || is_over) && is_class(block.cursor_class) &&
           is_class(block.waited_class) && block.shutdown_timeout >= 0 &&
           block.terminate_seconds <= kMostPatienceSeconds && are_levels_possible(block) &&
           std::all_of(std::begin(block.leaving), std::end(block.leaving),
                       [](const SavedLeaving& leaving) { return is_pid(leaving.pid); });
}

bool fits(std::span<const std::byte> image, std::uint64_t offset, std::uint64_t size) noexcept {
    return offset <= image.size() && size <= image.size() - offset;
}

}  // namespace

Pid1Block empty_block() noexcept {
    Pid1Block block{};
    KeptDescriptors& kept = block.kept.descriptors;
    kept.program = kept.previous = kept.keeper = kept.proc = kept.watchdog = -1;
    kept.kernel_log = kept.console = kept.initctl = -1;
    std::fill(std::begin(kept.spare), std::end(kept.spare), -1);
    block.deadline = block.shutdown_limit = kNoTime;
    return block;
}

void write_block(std::span<std::byte> slots, const Pid1Block& block,
                 std::uint64_t sequence) noexcept {
    const auto bytes = std::as_bytes(std::span(&block, 1));
    SlotHeader header{kBlockMagic,   0, sequence, static_cast<std::uint32_t>(bytes.size()),
                      kBlockVersion, 0};
    header.checksum = checksum_of(header, bytes);
    const auto slot = slots.subspan((sequence % 2) * kBlockSlotSize, kBlockSlotSize);
    std::memcpy(slot.data(), &header, sizeof header);
    std::memcpy(slot.data() + sizeof header, bytes.data(), bytes.size());
}

ReadBlock read_block(std::span<const std::byte> image) noexcept {
    ReadBlock read;
    if (!fits(image, kBlockOffset, 2 * kBlockSlotSize)) {
        read.trust = Trust::Nothing;
        return read;
    }
    std::array<std::byte, kMaxBlock> copy;
    bool is_found = false;
    for (std::size_t i = 0; i < 2; ++i) {
        const auto slot = image.subspan(kBlockOffset + i * kBlockSlotSize, kBlockSlotSize);
        const auto found = whole_slot(slot, copy);
        if (!found) {
            const bool is_blank = std::all_of(slot.begin(), slot.begin() + sizeof(SlotHeader),
                                              [](std::byte byte) { return byte == std::byte{0}; });
            if (!is_blank && !is_found) {
                read.trust = Trust::Nothing;
            }
            continue;
        }
        if (is_found && found->header.sequence < read.sequence) {
            continue;
        }
        is_found = true;
        read.sequence = found->header.sequence;
        read.version = found->header.version;
        read.block = empty_block();
        const bool is_known = read.version == kBlockVersion;
        const std::size_t most = is_known ? sizeof(Pid1Block) : sizeof(KeptPart);
        std::memcpy(&read.block, found->block.data(), std::min(found->block.size(), most));
        check_kept(read.block.kept);
        read.trust = is_known && is_possible(read.block) ? Trust::All : Trust::KeptOnly;
    }
    return read;
}

void write_record(EntryRecordPair& pair, EntryRecord record) noexcept {
    const auto last = newest_record(pair);
    record.sequence = last ? last->sequence + 1 : 1;
    record.checksum = checksum_of(record);
    pair.copies[record.sequence % 2] = record;
}

std::optional<EntryRecord> newest_record(const EntryRecordPair& pair) noexcept {
    std::optional<EntryRecord> newest;
    for (const EntryRecord& copy : pair.copies) {
        const bool is_whole = copy.key != 0 && copy.checksum == checksum_of(copy);
        // Told by the difference, as the number may wrap around.
        if (is_whole &&
            (!newest || static_cast<std::int32_t>(copy.sequence - newest->sequence) > 0)) {
            newest = copy;
        }
    }
    return newest && is_pid(newest->pid) ? newest : std::nullopt;
}

std::uint64_t entry_key(std::string_view id, std::string_view process) noexcept {
    Checksum checksum;
    checksum.add(id.size());
    checksum.add(std::as_bytes(std::span(id.data(), id.size())));
    checksum.add(std::as_bytes(std::span(process.data(), process.size())));
    return checksum.sum() | 1U;  // never 0
}

std::string_view table_text(std::span<const std::byte> image, const TablePlace& place) noexcept {
    if (!fits(image, place.text_offset, place.text_size)) {
        return {};
    }
    return {reinterpret_cast<const char*>(image.data()) + place.text_offset, place.text_size};
}

std::optional<EntryRecordPair> record_at(std::span<const std::byte> image, const TablePlace& place,
                                         std::size_t index) noexcept {
    if (index >= place.record_count || place.record_stride < sizeof(EntryRecordPair) ||
        place.record_stride > kBlockSlotSize || !fits(image, place.records_offset, 0) ||
        !fits(image, place.records_offset + index * std::uint64_t{place.record_stride},
              sizeof(EntryRecordPair))) {
        return std::nullopt;
    }
    EntryRecordPair pair;
    std::memcpy(&pair, image.data() + place.records_offset + index * place.record_stride,
                sizeof pair);
    if (!is_pid(pair.born)) {
        pair.born = 0;
    }
    return pair;
}

}  // namespace mainstay::init
