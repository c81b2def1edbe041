#include "init/living_processes.h"

#include <cstring>
#include <vector>

#include <catch2/catch.hpp>

using namespace mainstay;
using namespace mainstay::init;
namespace table = mainstay::state_table;

namespace {

template <typename T>
std::vector<std::byte> bytes_of(const T& content) {
    std::vector<std::byte> bytes(sizeof content);
    std::memcpy(bytes.data(), &content, sizeof content);
    return bytes;
}

table::Header good_header() {
    table::Header header;
    header.magic = table::kMagic;
    header.version = table::kVersion;
    header.header_size = sizeof header;
    header.geometry = table::own_geometry();
    header.used_slots = 5;
    return header;
}

table::Slot good_slot() {
    table::Slot slot;
    slot.service = 7;
    slot.processes[0] = {3, 100, 0, 0};
    slot.processes[1] = {4, 101, table::exit_word(3, 9, 0), 0};  // of an earlier generation
    slot.processes[2] = {3, 102, 0, 0};
    return slot;
}

}  // namespace

TEST_CASE("slots are found in a table as our supervisor makes it, and in a newer one", "[keeper]") {
    table::Header header = good_header();
    const auto area = find_slots(bytes_of(header), table::own_size());
    REQUIRE(area.has_value());
    CHECK(area->offset == header.geometry.slots_offset);
    CHECK(area->slot_size == header.geometry.slot_size);
    CHECK(area->count == 5);
    ++header.version;
    CHECK(find_slots(bytes_of(header), table::own_size()).has_value());
}

TEST_CASE("what is no table has no slots", "[keeper]") {
    table::Header header = good_header();
    std::uint64_t size = table::own_size();
    SECTION("magic") {
        ++header.magic;
    }
    SECTION("version") {
        header.version = 0;
    }
    SECTION("more slots used than there are") {
        header.used_slots = header.geometry.slot_count + 1;
    }
    SECTION("shorter than it says") {
        size /= 2;
    }
    SECTION("slots beyond the end") {
        header.geometry.slots_offset = 0xfffffff8;
    }
    SECTION("slots too small to hold processes") {
        header.geometry.slot_size = 64;
    }
    CHECK_FALSE(find_slots(bytes_of(header), size).has_value());
}

TEST_CASE("a header that is cut off is none", "[keeper]") {
    const auto bytes = bytes_of(good_header());
    CHECK_FALSE(find_slots(std::span(bytes).first(50), table::own_size()).has_value());
    CHECK_FALSE(find_slots({}, 0).has_value());
}

TEST_CASE("who was born and has not ended lives", "[keeper]") {
    table::Slot slot = good_slot();
    const auto found = living_in(bytes_of(slot), 11);
    REQUIRE(found.size() == 3);
    CHECK(found[0] == LinkProcess{100, 0, 11, 0, 7, 3});
    CHECK(found[1] == LinkProcess{101, 0, 11, 1, 7, 4});
    CHECK(found[2] == LinkProcess{102, 0, 11, 2, 7, 3});
}

TEST_CASE("who has ended, was not born or cannot be a service does not live", "[keeper]") {
    table::Slot slot = good_slot();
    slot.processes[1] = {};
    slot.processes[2] = {};
    REQUIRE(living_in(bytes_of(slot), 0).size() == 1);
    SECTION("ended") {
        slot.processes[0].exit = table::exit_word(3, 0, 0);
    }
    SECTION("not born") {
        slot.processes[0].pid = 0;
    }
    SECTION("ourselves") {
        slot.processes[0].pid = 1;
    }
    SECTION("everybody") {
        slot.processes[0].pid = -1;
    }
    SECTION("of a slot that nobody has") {
        slot.service = 0;
    }
    CHECK(living_in(bytes_of(slot), 0).empty());
}

TEST_CASE("nobody lives in a slot that is cut off", "[keeper]") {
    const auto bytes = bytes_of(good_slot());
    CHECK(living_in(std::span(bytes).first(kSlotHeadSize - 1), 0).empty());
    CHECK(living_in(std::span(bytes).first(kSlotHeadSize), 0).size() == 3);
}
