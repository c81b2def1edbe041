#include <array>
#include <catch2/catch.hpp>
#include <string>

#include "supervisor/svlog/arena_writer.h"
#include "unit/svlog/plain_arena.h"

using namespace mainstay::svlog;

namespace {

constexpr std::uint64_t kKiB = 1024;

std::string numbered(int first, int last) {
    std::string text;
    for (int i = first; i <= last; ++i) {
        text += "line " + std::to_string(i) + "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("what was written is read", "[arena]") {
    const PlainArena plain({4, 16});
    ArenaWriter writer(plain.arena());
    limit(plain, writer, 1, 4 * kKiB);
    CHECK(plain.text(1).empty());
    append(plain, writer, 1, "hello ");
    append(plain, writer, 1, "there\n");
    CHECK(plain.text(1) == "hello there\n");
    CHECK(plain.text(0).empty());
    const Excerpt rest = plain.read(1, 6);
    CHECK(rest.bytes == "there\n");
    CHECK(rest.next == 12);
    CHECK(rest.lost == 0);
}

TEST_CASE("a reader goes on from where it was, and hears what it has missed", "[arena]") {
    const PlainArena plain({4, 16});
    ArenaWriter writer(plain.arena());
    limit(plain, writer, 2, 2 * kKiB);
    append(plain, writer, 2, std::string(100, 'a'));
    Excerpt seen = plain.read(2);
    CHECK(seen.next == 100);
    CHECK(plain.read(2, seen.next).bytes.empty());
    append(plain, writer, 2, std::string(3000, 'b'));
    seen = plain.read(2, seen.next);
    CHECK(seen.next == 3100);
    CHECK(seen.lost + seen.bytes.size() == 3000);
    CHECK(seen.bytes == std::string(seen.bytes.size(), 'b'));
    CHECK(seen.bytes.size() > kKiB);
    CHECK(plain.read(2, 9999).bytes.empty());
    CHECK(plain.read(2, 9999).next == 9999);
    CHECK(read_arena(plain.arena(), 2, 0, 10).bytes == std::string(10, 'b'));
    CHECK(read_arena(plain.arena(), 2, 0, 10).lost == 3090);
}

TEST_CASE("a stream keeps its newest bytes and no more than its limit", "[arena]") {
    const PlainArena plain({4, 64});
    ArenaWriter writer(plain.arena());
    limit(plain, writer, 0, 4 * kKiB);
    for (int i = 1; i <= 2000; ++i) {
        append(plain, writer, 0, numbered(i, i));
    }
    const std::string kept = plain.text(0);
    CHECK(kept.size() <= 4 * kKiB);
    CHECK(kept.size() > 3 * kKiB);
    CHECK(numbered(1, 2000).ends_with(kept));

    SECTION("also when it is lowered") {
        limit(plain, writer, 0, kKiB);
        CHECK(plain.text(0).size() <= kKiB);
        CHECK(kept.ends_with(plain.text(0)));
        CHECK_FALSE(plain.text(0).empty());
    }
    SECTION("also when much comes at once") {
        const std::string flood = numbered(1, 5000);
        append(plain, writer, 0, flood);
        CHECK(flood.ends_with(plain.text(0)));
        CHECK(plain.text(0).size() > 3 * kKiB);
    }
    SECTION("a limit of nothing keeps nothing, and still counts") {
        limit(plain, writer, 0, 0);
        const std::uint64_t before = plain.read(0).next;
        append(plain, writer, 0, "unheard");
        CHECK(plain.text(0).empty());
        CHECK(plain.read(0, before).next == before + 7);
        CHECK(plain.read(0, before).lost == 7);
    }
}

TEST_CASE("when nothing is left the largest gives", "[arena]") {
    const PlainArena plain({8, 16});
    ArenaWriter writer(plain.arena());
    for (std::uint32_t slot = 0; slot < 8; ++slot) {
        limit(plain, writer, slot, 16 * kKiB);
    }
    const std::string flood = numbered(1, 3000);
    append(plain, writer, 0, flood);
    CHECK(plain.text(0).size() > 15 * kKiB);
    for (std::uint32_t slot = 1; slot < 8; ++slot) {
        append(plain, writer, slot, "quiet " + std::to_string(slot));
    }
    CHECK(flood.ends_with(plain.text(0)));
    CHECK(plain.text(0).size() > 8 * kKiB);
    append(plain, writer, 1, std::string(40 * kKiB, 'x'));
    for (std::uint32_t slot = 2; slot < 8; ++slot) {
        CHECK(plain.text(slot) == "quiet " + std::to_string(slot));
    }
    CHECK(plain.text(1).size() >= 4 * kKiB);
}

TEST_CASE("a slot that is used again shows nothing of who had it before", "[arena]") {
    const PlainArena plain({2, 4});
    ArenaWriter writer(plain.arena());
    limit(plain, writer, 1, 4 * kKiB);
    append(plain, writer, 1, "a secret");
    writer.forget(1);
    CHECK(plain.text(1).empty());
    limit(plain, writer, 1, 4 * kKiB);
    append(plain, writer, 1, "another's");
    CHECK(plain.text(1) == "another's");
    CHECK(file_mark(plain.arena().slot(1)).position == 8);
}

TEST_CASE("a second writer goes on where the first stopped", "[arena]") {
    const PlainArena plain({4, 16});
    std::string before;
    {
        ArenaWriter first(plain.arena());
        limit(plain, first, 0, 8 * kKiB);
        limit(plain, first, 3, 2 * kKiB);
        append(plain, first, 0, numbered(1, 700));
        append(plain, first, 3, "half a");
        before = plain.text(0);
    }
    ArenaWriter second(plain.arena());
    CHECK(plain.text(0) == before);
    limit(plain, second, 0, 8 * kKiB);
    limit(plain, second, 3, 2 * kKiB);
    append(plain, second, 0, numbered(701, 710));
    append(plain, second, 3, " line\n");
    CHECK(plain.text(0) == before + numbered(701, 710));
    CHECK(plain.text(3) == "half a line\n");
}

TEST_CASE("slots that do not exist are ignored", "[arena]") {
    const PlainArena plain({2, 4});
    ArenaWriter writer(plain.arena());
    limit(plain, writer, 2, kKiB);
    append(plain, writer, 77, "nobody's");
    writer.forget(2);
    CHECK(plain.read(2).bytes.empty());
    CHECK(plain.read(2, 5).next == 5);
}

TEST_CASE("a file mark is the one or the other, and news are told once", "[arena]") {
    ArenaSlot slot;
    CHECK(file_mark(slot) == FileMark{});
    set_file_mark(slot, {1, 2, 3});
    CHECK(file_mark(slot) == FileMark{1, 2, 3});
    const FileMark untouched = slot.marks[slot.mark];
    set_file_mark(slot, {4, 5, 6});
    CHECK(file_mark(slot) == FileMark{4, 5, 6});
    CHECK(slot.marks[1 - slot.mark] == untouched);
    CHECK_FALSE(take_wanted(slot));
    ask_for_news(slot);
    CHECK(take_wanted(slot));
    CHECK_FALSE(take_wanted(slot));
}

TEST_CASE("a reader that misses nothing takes piece by piece, and is told when it cannot",
          "[arena]") {
    const PlainArena plain({4, 16});
    ArenaWriter writer(plain.arena());
    limit(plain, writer, 1, 2 * kKiB);
    std::array<char, 8> room{};
    const auto next = [&](std::uint32_t slot, std::uint64_t from) {
        return read_next(plain.arena(), slot, from, room);
    };
    CHECK(next(1, 0) == "");
    append(plain, writer, 1, "hello there\n");
    CHECK(next(1, 0) == "hello th");
    CHECK(next(1, 8) == "ere\n");
    CHECK(next(1, 12) == "");
    CHECK(next(1, 9999) == "");
    CHECK(next(0, 0) == "");
    CHECK(next(4, 0) == "");  // no such slot
    SECTION("across the border of two blocks") {
        append(plain, writer, 1, std::string(kBlockSize - 16, 'a') + "0123456789");
        CHECK(next(1, kBlockSize - 6) ==
              "a"
              "a012345");
    }
    SECTION("what has gone is not replaced by what came later") {
        append(plain, writer, 1, std::string(3 * kKiB, 'b'));
        CHECK_FALSE(next(1, 0));
        CHECK_FALSE(next(1, 8));
        const std::uint64_t end = plain.read(1).next;
        CHECK(next(1, end - 3) == "bbb");
    }
}
