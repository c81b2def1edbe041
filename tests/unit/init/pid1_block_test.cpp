#include "init/pid1_block.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstring>
#include <random>
#include <vector>

#include "init/pid1_state.h"

using namespace mainstay::init;  // NOLINT: every name of the block under test

namespace {

using Image = std::vector<std::byte>;

Image blank_image() {
    return Image(kTableOffset);
}

std::span<std::byte> slots_of(Image& image) {
    return std::span(image).subspan(kBlockOffset, 2 * kBlockSlotSize);
}

/// A block that is full of different values, all of them possible.
Pid1Block sample(std::uint32_t number) {
    Pid1Block block = empty_block();
    block.kept.descriptors.program = 5;
    block.kept.descriptors.keeper = 6;
    block.kept.supervisor_pid = 77;
    block.phase = static_cast<std::uint8_t>(Phase::Running);
    block.generation = number;
    block.cursor = number % 100;
    for (std::size_t i = 0; i < std::size(block.presses); ++i) {
        block.presses[i] = static_cast<std::int64_t>(number * 1000 + i);
    }
    block.press_count = 7;
    return block;
}

bool same(const Pid1Block& a, const Pid1Block& b) {
    return std::memcmp(&a, &b, sizeof a) == 0;
}

Image image_with(std::uint32_t first, std::uint32_t last) {
    Image image = blank_image();
    for (std::uint32_t i = first; i <= last; ++i) {
        write_block(slots_of(image), sample(i), i);
    }
    return image;
}

/// The header as another version of the program would have written it.
struct Header {
    std::uint64_t magic;
    std::uint64_t checksum;
    std::uint64_t sequence;
    std::uint32_t size;
    std::uint16_t version;
    std::uint16_t spare;
};

std::uint64_t mixed(std::uint64_t sum, std::uint64_t word) {
    sum = (sum ^ word) * 0x9e3779b97f4a7c15ULL;
    return sum ^ (sum >> 29U);
}

/// Makes slot 1 a whole one of @p version and @p size. The checksum's rule stands here once more,
/// as it may never change either.
void reseal(Image& image, std::uint16_t version, std::uint32_t size) {
    std::byte* slot = image.data() + kBlockOffset + kBlockSlotSize;
    Header header{};
    std::memcpy(&header, slot, sizeof header);
    header.version = version;
    header.size = size;
    std::uint64_t sum = mixed(0x6d61696e73746179ULL, header.sequence);
    sum = mixed(sum, (std::uint64_t{size} << 16U) | version);
    for (std::uint32_t at = 0; at < size; at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, slot + sizeof header + at, 8);
        sum = mixed(sum, word);
    }
    header.checksum = sum;
    std::memcpy(slot, &header, sizeof header);
}

}  // namespace

TEST_CASE("what was written last is read", "[block]") {
    for (std::uint32_t last = 1; last < 6; ++last) {
        const Image image = image_with(1, last);
        const ReadBlock read = read_block(image);
        REQUIRE(read.trust == Trust::All);
        CHECK(read.sequence == last);
        CHECK(same(read.block, sample(last)));
    }
}

TEST_CASE("where nothing was written there is nothing", "[block]") {
    CHECK(read_block(blank_image()).trust == Trust::NeverWritten);
    CHECK(read_block(Image(100)).trust == Trust::Nothing);
    CHECK(read_block({}).trust == Trust::Nothing);
}

TEST_CASE("cut after any byte, the writing leaves the block before or the new one", "[block]") {
    const Image before = image_with(1, 4);
    const Image after = image_with(1, 5);
    for (std::size_t cut = kBlockOffset; cut <= kTableOffset; ++cut) {
        Image torn = before;
        std::copy(after.begin(), after.begin() + static_cast<std::ptrdiff_t>(cut), torn.begin());
        const ReadBlock read = read_block(torn);
        REQUIRE(read.trust == Trust::All);
        REQUIRE((same(read.block, sample(4)) || same(read.block, sample(5))));
    }
}

TEST_CASE("with any stores done and any not, one of the two blocks is whole", "[block]") {
    const Image before = image_with(1, 4);
    const Image after = image_with(1, 5);
    std::mt19937 random(1);  // NOLINT: the same every time
    for (int i = 0; i < 2000; ++i) {
        Image torn = before;
        for (std::size_t at = kBlockOffset; at < kTableOffset; at += 8) {
            if (random() % 2 == 0) {
                std::memcpy(torn.data() + at, after.data() + at, 8);
            }
        }
        const ReadBlock read = read_block(torn);
        REQUIRE(read.trust == Trust::All);
        REQUIRE((same(read.block, sample(4)) || same(read.block, sample(5))));
    }
}

TEST_CASE("killed while it writes, a process leaves a whole block", "[block]") {
    void* shared =
        ::mmap(nullptr, kTableOffset, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(shared != MAP_FAILED);
    const std::span image(static_cast<std::byte*>(shared), kTableOffset);
    std::uint64_t sequence = 0;
    for (int i = 0; i < 100; ++i) {
        std::array<int, 2> ready{};
        REQUIRE(::pipe(ready.data()) == 0);
        const pid_t pid = ::fork();
        if (pid == 0) {
            for (std::uint64_t next = sequence + 1;; ++next) {
                write_block(image.subspan(kBlockOffset), sample(static_cast<std::uint32_t>(next)),
                            next);
                if (next == sequence + 1 && ::write(ready[1], "x", 1) != 1) {
                    ::_exit(1);
                }
            }
        }
        char byte = 0;
        REQUIRE(::read(ready[0], &byte, 1) == 1);
        ::usleep(static_cast<useconds_t>(i * 7));
        ::kill(pid, SIGKILL);
        REQUIRE(::waitpid(pid, nullptr, 0) == pid);
        ::close(ready[0]);
        ::close(ready[1]);
        const ReadBlock read = read_block(image);
        REQUIRE(read.trust == Trust::All);
        REQUIRE(read.sequence > sequence);
        REQUIRE(same(read.block, sample(static_cast<std::uint32_t>(read.sequence))));
        sequence = read.sequence;
    }
    ::munmap(shared, kTableOffset);
}

TEST_CASE("a damaged block is not believed, the one before is", "[block]") {
    std::mt19937 random(2);  // NOLINT: the same every time
    const Image whole = image_with(1, 5);
    for (int i = 0; i < 500; ++i) {
        Image damaged = whole;
        const std::size_t in_slot = random() % (32 + sizeof(Pid1Block));
        damaged[kBlockOffset + kBlockSlotSize + in_slot] ^= std::byte{1};
        const ReadBlock read = read_block(damaged);
        // Two bytes of the header mean nothing.
        const bool is_spare = in_slot == 30 || in_slot == 31;
        REQUIRE(same(read.block, sample(is_spare ? 5 : 4)));
    }
    Image both = whole;
    both[kBlockOffset + 100] ^= std::byte{1};
    both[kBlockOffset + kBlockSlotSize + 100] ^= std::byte{1};
    CHECK(read_block(both).trust == Trust::Nothing);
    CHECK(same(read_block(both).block, empty_block()));
}

TEST_CASE("a block that is shorter, of an older program, is completed with zeroes", "[block]") {
    Image image = image_with(1, 5);
    const std::uint32_t size = offsetof(Pid1Block, presses);
    reseal(image, kBlockVersion, size);
    const ReadBlock read = read_block(image);
    REQUIRE(read.trust == Trust::All);
    CHECK(read.sequence == 5);
    CHECK(read.block.generation == 5);
    CHECK(read.block.presses[0] == 0);
}

TEST_CASE("a block of a program without runlevels says that it knows none", "[block]") {
    Image image = image_with(1, 5);
    reseal(image, kBlockVersion, offsetof(Pid1Block, level_patience));
    const ReadBlock read = read_block(image);
    REQUIRE(read.trust == Trust::All);
    CHECK(read.block.level == 0);
    CHECK(read.block.variables[0] == '\0');
}

TEST_CASE("of a longer block, of a newer program, the known part is read", "[block]") {
    Image image = image_with(1, 5);
    reseal(image, kBlockVersion, sizeof(Pid1Block) + 64);
    const ReadBlock read = read_block(image);
    REQUIRE(read.trust == Trust::All);
    CHECK(same(read.block, sample(5)));
}

TEST_CASE("of a version that is not known only pids and descriptors are kept", "[block]") {
    Image image = image_with(1, 5);
    reseal(image, kBlockVersion + 1, sizeof(Pid1Block));
    const ReadBlock read = read_block(image);
    REQUIRE(read.trust == Trust::KeptOnly);
    CHECK(read.version == kBlockVersion + 1);
    CHECK(read.block.kept.supervisor_pid == 77);
    CHECK(read.block.kept.descriptors.keeper == 6);
    CHECK(read.block.generation == 0);
    CHECK(read.block.deadline == kNoTime);
}

TEST_CASE("values that cannot be leave pids and descriptors", "[block]") {
    const auto trust_of = [](void (*change)(Pid1Block&)) {
        Image image = blank_image();
        Pid1Block block = sample(1);
        change(block);
        write_block(slots_of(image), block, 1);
        const ReadBlock read = read_block(image);
        CHECK(read.block.kept.descriptors.program == 5);
        return read.trust;
    };
    CHECK(trust_of([](Pid1Block&) {}) == Trust::All);
    CHECK(trust_of([](Pid1Block& block) { block.phase = 200; }) == Trust::KeptOnly);
    CHECK(trust_of([](Pid1Block& block) { block.press_count = 8; }) == Trust::KeptOnly);
    CHECK(trust_of([](Pid1Block& block) { block.start_count = 21; }) == Trust::KeptOnly);
    CHECK(trust_of([](Pid1Block& block) { block.oldest_start = 20; }) == Trust::KeptOnly);
    CHECK(trust_of([](Pid1Block& block) { block.cursor_class = 99; }) == Trust::KeptOnly);
    CHECK(trust_of([](Pid1Block& block) { block.paused = 2; }) == Trust::KeptOnly);
    CHECK(trust_of([](Pid1Block& block) { block.leaving[3].pid = -5; }) == Trust::KeptOnly);
    CHECK(trust_of([](Pid1Block& block) { block.kept.request = 2; }) == Trust::KeptOnly);
    CHECK(trust_of([](Pid1Block& block) { block.shutdown_timeout = -1; }) == Trust::KeptOnly);
    CHECK(trust_of([](Pid1Block& block) { block.terminate_seconds = 301; }) == Trust::KeptOnly);
    CHECK(trust_of([](Pid1Block& block) { block.level = '3'; }) == Trust::All);
    CHECK(trust_of([](Pid1Block& block) { block.level = 'x'; }) == Trust::KeptOnly);
    CHECK(trust_of([](Pid1Block& block) { block.previous_level = 'Q'; }) == Trust::KeptOnly);
    CHECK(trust_of([](Pid1Block& block) { block.first_level = 1; }) == Trust::KeptOnly);
    CHECK(trust_of([](Pid1Block& block) { block.level_then = 6; }) == Trust::KeptOnly);
    CHECK(trust_of([](Pid1Block& block) { block.level_patience = -1; }) == Trust::KeptOnly);
    const auto changes_level = [](Pid1Block& block) {
        block.phase = static_cast<std::uint8_t>(Phase::ChangeLevel);
    };
    CHECK(trust_of(changes_level) == Trust::KeptOnly);
}

TEST_CASE("numbers that are no pid or descriptor of ours are none", "[block]") {
    Image image = blank_image();
    Pid1Block block = sample(1);
    block.kept.descriptors.proc = 2;
    block.kept.descriptors.console = 6;  // the link's
    block.kept.supervisor_pid = 1;
    block.kept.waited_pid = -7;
    write_block(slots_of(image), block, 1);
    const KeptPart kept = read_block(image).block.kept;
    CHECK(kept.descriptors.keeper == 6);
    CHECK(kept.descriptors.proc == -1);
    CHECK(kept.descriptors.console == -1);
    CHECK(kept.supervisor_pid == 0);
    CHECK(kept.waited_pid == 0);
}

TEST_CASE("the newest whole copy of a record counts", "[block]") {
    EntryRecordPair pair{};
    CHECK_FALSE(newest_record(pair));
    for (std::int32_t pid = 100; pid < 110; ++pid) {
        EntryRecord record{};
        record.key = 9;
        record.pid = pid;
        write_record(pair, record);
        REQUIRE(newest_record(pair)->pid == pid);
    }
    EntryRecordPair torn = pair;
    torn.copies[newest_record(pair)->sequence % 2].started = 1;
    REQUIRE(newest_record(torn));
    CHECK(newest_record(torn)->pid == 108);
    torn.copies[0].pid = torn.copies[1].pid = 5;
    CHECK_FALSE(newest_record(torn));
}

TEST_CASE("a record's number may wrap around", "[block]") {
    EntryRecordPair pair{};
    EntryRecord record{};
    record.key = 9;
    write_record(pair, record);
    // As if written four billion times: nothing but the number says so.
    for (std::uint32_t i = 0; i < 5; ++i) {
        record.pid = static_cast<std::int32_t>(50 + i);
        write_record(pair, record);
        CHECK(newest_record(pair)->pid == record.pid);
    }
}

TEST_CASE("a table that leads out of the image is none", "[block]") {
    Image image(kTableOffset + 4096);
    TablePlace place{kTableOffset, kTableOffset + 1024, 1000, 3, sizeof(EntryRecordPair), 0};
    CHECK(table_text(image, place).size() == 1000);
    CHECK(record_at(image, place, 2));
    CHECK_FALSE(record_at(image, place, 3));
    place.record_count = 4'000'000'000;
    CHECK_FALSE(record_at(image, place, 3'999'999'999));
    place.records_offset = UINT64_MAX - 8;
    CHECK_FALSE(record_at(image, place, 0));
    place.record_stride = 8;
    CHECK_FALSE(record_at(image, place, 0));
    place.text_offset = UINT64_MAX;
    CHECK(table_text(image, place).empty());
    place.text_offset = kTableOffset;
    place.text_size = 5000;
    CHECK(table_text(image, place).empty());
}

TEST_CASE("an entry is known by its id and its process", "[block]") {
    CHECK(entry_key("tty1", "/bin/getty") == entry_key("tty1", "/bin/getty"));
    CHECK(entry_key("tty1", "/bin/getty") != entry_key("tty2", "/bin/getty"));
    CHECK(entry_key("tty1", "/bin/getty") != entry_key("tty1", "/bin/gettz"));
    CHECK(entry_key("a", "bc") != entry_key("ab", "c"));
    CHECK(entry_key("", "") != 0);
}
