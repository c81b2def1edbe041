/// The state table: whole after each store, and a reader that believes nothing.
#include "common/state_table.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstring>
#include <random>
#include <vector>

#include "common/state_table_writer.h"

using namespace mainstay::state_table;

namespace {

/// Stores until it is cut: as if the writer had been killed there.
struct CutStores {
    static inline long left = 0;
    static inline long made = 0;

    template <typename Word>
    static void store(std::byte* at, Word value) noexcept {
        ++made;
        if (left-- > 0) {
            DirectStores::store<Word>(at, value);
        }
    }
    static void begin(long stores) {
        left = stores;
        made = 0;
    }
};
constexpr long kAll = 1000000;

constexpr std::uint32_t kSlots = 4;

Geometry small_geometry() {
    Geometry geometry = own_geometry();
    geometry.slot_count = kSlots;
    geometry.details_offset = geometry.slots_offset + kSlots * geometry.slot_size;
    return geometry;
}

class Memory {
  public:
    explicit Memory(const Geometry& geometry = small_geometry())
        : words_(
              (geometry.details_offset + std::size_t{geometry.slot_count} * geometry.detail_size) /
              8) {}

    std::span<std::byte> bytes() { return std::as_writable_bytes(std::span(words_)); }
    std::span<const std::byte> bytes() const { return std::as_bytes(std::span(words_)); }

  private:
    std::vector<std::uint64_t> words_;
};

Record record_number(std::uint32_t number) {
    Record record;
    record.state = static_cast<std::uint8_t>(number);
    record.flags = number;
    record.generation = number;
    record.step = number;
    record.definition = number;
    record.since = number;
    return record;
}

Memory made_table() {
    Memory memory;
    Writer<> writer(memory.bytes(), small_geometry());
    writer.format("boot");
    return memory;
}

/// What a reader sees of slot 1.
struct Seen {
    std::uint32_t service = 0;
    std::string name;
    Record record;
    Death death;

    friend bool operator==(const Seen&, const Seen&) = default;
};

Seen look(Memory memory) {
    CHECK(recover(memory.bytes()));
    const auto reader = Reader::open(memory.bytes());
    REQUIRE(reader);
    if (reader->used_slots() <= 1 || reader->slot(1).service == 0) {
        return {};
    }
    const Slot slot = reader->slot(1);
    Seen seen{slot.service, std::string(text_of(slot.name)), slot.record, {}};
    if ((slot.record.flags & kHasDetail) != 0) {
        seen.death = reader->detail(1).deaths[0];
    }
    return seen;
}

/// Cuts what @p change does after each of its stores: what is read is as it was before, or as it is
/// when all is done, and once it is that it stays so.
template <typename Change>
void check_each_cut(const Memory& before, Change change) {
    Memory done = before;
    CutStores::begin(kAll);
    change(Writer<CutStores>(done.bytes(), small_geometry()));
    const long stores = CutStores::made;
    const Seen old_truth = look(before);
    const Seen new_truth = look(done);
    REQUIRE(stores > 0);
    REQUIRE(!(old_truth == new_truth));
    bool has_changed = false;
    for (long cut = 0; cut <= stores; ++cut) {
        INFO("cut after " << cut << " of " << stores << " stores");
        Memory memory = before;
        CutStores::begin(cut);
        change(Writer<CutStores>(memory.bytes(), small_geometry()));
        const Seen seen = look(memory);
        CHECK((seen == old_truth || seen == new_truth));
        CHECK((!has_changed || seen == new_truth));
        has_changed = seen == new_truth;
        // Whoever recovers is killed as well: the next one sees the same.
        Memory recovered = memory;
        CHECK(recover(recovered.bytes()));
        CHECK(look(recovered) == seen);
    }
    CHECK(has_changed);
}

}  // namespace

TEST_CASE("a table that was made is empty and says what it is", "[state-table]") {
    const Memory memory = made_table();
    const auto reader = Reader::open(memory.bytes());
    REQUIRE(reader);
    CHECK(reader->header().version == kVersion);
    CHECK(reader->header().geometry == small_geometry());
    CHECK(text_of(reader->header().boot) == "boot");
    CHECK(reader->used_slots() == 0);
    CHECK(is_sound(own_geometry(), own_size()));
    CHECK_FALSE(is_sound(own_geometry(), own_size() / 2));
}

TEST_CASE("a slot that is taken is there as a whole or not at all", "[state-table]") {
    const Memory memory = made_table();
    check_each_cut(memory, [](auto writer) { writer.take(1, 77, "web"); });
    CHECK(look(memory) == Seen());
}

TEST_CASE("a record and what belongs to it change together", "[state-table]") {
    Memory memory = made_table();
    Writer<> writer(memory.bytes(), small_geometry());
    writer.take(1, 77, "web");
    writer.put_record(1, record_number(1));
    writer.commit();
    CHECK(look(memory) == Seen{77, "web", record_number(1), {}});
    check_each_cut(memory, [](auto cut) {
        Record record = record_number(2);
        record.flags |= kHasDetail;
        cut.put_record(1, record);
        Detail detail;
        detail.death_count = 1;
        detail.deaths[0].at = 5;
        cut.put_detail(1, 0, detail);
        cut.commit();
    });
}

TEST_CASE("a slot is released by one store", "[state-table]") {
    Memory memory = made_table();
    Writer<>(memory.bytes(), small_geometry()).take(1, 77, "web");
    check_each_cut(memory, [](auto writer) { writer.release(1); });
}

TEST_CASE("a process that is expected is never taken for the one before", "[state-table]") {
    Memory memory = made_table();
    Writer<> writer(memory.bytes(), small_geometry());
    writer.take(1, 77, "web");
    writer.expect(1, Role::Run, 1, 1000);
    *writer.pid_word(1, Role::Run) = 4711;
    writer.set_exit(1, Role::Run, exit_word(1, 0x100, 0));
    for (long cut = 0; cut <= 3; ++cut) {
        Memory copy = memory;
        CutStores::begin(cut);
        Writer<CutStores>(copy.bytes(), small_geometry()).expect(1, Role::Run, 2, 2000);
        const Slot slot = Reader::open(copy.bytes())->slot(1);
        const ProcessWords& words = slot.processes[0];
        CHECK((words.generation == 1 || words.generation == 2));
        CHECK((words.generation == 1 || words.pid == 0));
        CHECK(has_ended(words) == (words.generation == 1));
        CHECK(wait_status(words.exit) == 0x100);
    }
}

TEST_CASE("words of the table and of a process are stored where a reader looks", "[state-table]") {
    Memory memory = made_table();
    Writer<> writer(memory.bytes(), small_geometry());
    writer.set_flags(kBootComplete | kStopping);
    writer.set_last_incarnation(7);
    writer.take(1, 77, "web");
    writer.expect(1, Role::Main, 3, 1000);
    writer.set_pid(1, Role::Main, 4711);
    const auto reader = Reader::open(memory.bytes());
    REQUIRE(reader);
    CHECK(reader->header().flags == (kBootComplete | kStopping));
    CHECK(reader->header().last_incarnation == 7);
    const Slot slot = reader->slot(1);
    CHECK(slot.service == 77);
    CHECK(slot.processes[2].pid == 4711);
    CHECK(slot.processes[2].generation == 3);
    CHECK(slot.processes[0].pid == 0);
    CHECK(slot.processes[1].pid == 0);
}

TEST_CASE("what does not fit into the journal is left out, the rest of the change is made",
          "[state-table]") {
    const Geometry geometry = small_geometry();
    Memory memory = made_table();
    Journal<DirectStores> journal(memory.bytes(), geometry);
    std::vector<std::uint64_t> most(geometry.journal_size / 8 - 2, 5);
    const std::vector<std::uint64_t> more(most.size() + 1, 6);
    CHECK_FALSE(journal.add(geometry.details_offset, std::as_bytes(std::span(more))));
    // The first that does not fit takes no room from the next.
    CHECK(journal.add(geometry.details_offset, std::as_bytes(std::span(most))));
    CHECK_FALSE(journal.add(geometry.slots_offset, {}));
    journal.commit();
    std::vector<std::uint64_t> seen(more.size());
    std::memcpy(seen.data(), memory.bytes().data() + geometry.details_offset, seen.size() * 8);
    most.push_back(0);
    CHECK(seen == most);
    // It is empty again.
    CHECK(journal.add(geometry.slots_offset, std::as_bytes(std::span(most).first(1))));
}

TEST_CASE("a journal that leads out of slots and details is emptied, and changes nothing",
          "[state-table]") {
    const Geometry geometry = small_geometry();
    const std::uint64_t end =
        geometry.details_offset + std::uint64_t{geometry.slot_count} * geometry.detail_size;
    struct Row {
        const char* what;
        std::uint64_t offset;
        std::uint64_t size;
        bool is_sound;
    };
    for (const Row& row :
         {Row{"the last word", end - 8, 8, true},
          Row{"the first word", geometry.slots_offset, 8, true},
          Row{"into the journal", geometry.slots_offset - 8, 8, false},
          Row{"into the header", 0, 8, false}, Row{"behind", end, 8, false},
          Row{"odd place", end - 12, 8, false}, Row{"odd size", geometry.slots_offset, 4, false},
          Row{"more than there is", geometry.slots_offset, 16, false}}) {
        CAPTURE(row.what);
        Memory memory = made_table();
        const auto journal = memory.bytes().subspan(geometry.journal_offset);
        const std::array<std::uint64_t, 3> words = {16, row.offset << 32U | row.size, 0x55};
        std::memcpy(journal.data(), words.data(), sizeof words);
        Memory expected = memory;
        std::memset(expected.bytes().data() + geometry.journal_offset, 0, 8);
        if (row.is_sound) {
            std::memcpy(expected.bytes().data() + row.offset, &words[2], 8);
        }
        CHECK(recover(memory.bytes()) == row.is_sound);
        CHECK(std::ranges::equal(memory.bytes(), expected.bytes()));
    }
}

TEST_CASE("a reader reads an older table, whose slots and details are smaller", "[state-table]") {
    Geometry older = small_geometry();
    older.slot_size = sizeof(Slot) - 16;
    older.detail_size = 8;
    Memory memory(older);
    Header header;
    header.magic = kMagic;
    header.version = 1;
    header.header_size = sizeof header;
    header.geometry = older;
    header.used_slots = 2;
    std::memcpy(memory.bytes().data(), static_cast<const void*>(&header), sizeof header);
    Slot slot;
    slot.service = 9;
    slot.record = record_number(3);
    std::memcpy(memory.bytes().data() + older.slots_offset + older.slot_size,
                static_cast<const void*>(&slot), older.slot_size);
    const auto reader = Reader::open(memory.bytes());
    REQUIRE(reader);
    CHECK(reader->slot(1).service == 9);
    CHECK(reader->slot(1).record.generation == 3);
    CHECK(reader->slot(1).record.executed == 0);
    CHECK(reader->slot(1).record.definition == 0);
    CHECK(reader->detail(1).deaths[0] == Death());
}

TEST_CASE("what is no table is none, and no journal leads out of a table", "[state-table]") {
    CHECK_FALSE(Reader::open({}));
    const Memory good = made_table();
    std::mt19937 random(1);  // the same each time
    for (int round = 0; round < 20000; ++round) {
        Memory memory = good;
        const auto bytes = memory.bytes();
        const std::size_t room = round % 2 == 0 ? sizeof(Header) : 4096 + 256;
        for (std::uint32_t flips = random() % 8 + 1; flips > 0; --flips) {
            bytes[random() % room] = static_cast<std::byte>(random());
        }
        // In bounds whatever it says, which the sanitizers see to.
        static_cast<void>(recover(bytes));
        if (const auto reader = Reader::open(bytes)) {
            for (std::uint32_t slot = 0; slot < reader->used_slots(); ++slot) {
                static_cast<void>(reader->slot(slot));
                static_cast<void>(reader->detail(slot));
            }
        }
    }
}
