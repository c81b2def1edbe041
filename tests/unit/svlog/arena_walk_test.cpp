// Random walks over an arena: against a model, under a writer in another thread, and over memory
// that means nothing.
#include <atomic>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "supervisor/svlog/arena_writer.h"
#include "unit/svlog/plain_arena.h"

using namespace mainstay::svlog;

namespace {

/// The byte at a position of a stream: what was torn or is another's does not fit.
char byte_at(std::uint32_t slot, std::uint64_t position) {
    return static_cast<char>('!' + (position * 7 + position / 91 + std::uint64_t{slot} * 13) % 90);
}

std::string bytes_at(std::uint32_t slot, std::uint64_t begin, std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        text[i] = byte_at(slot, begin + i);
    }
    return text;
}

bool fits(std::uint32_t slot, const Excerpt& excerpt) {
    const std::uint64_t begin = excerpt.next - excerpt.bytes.size();
    return excerpt.bytes == bytes_at(slot, begin, excerpt.bytes.size());
}

}  // namespace

TEST_CASE("whatever happens to an arena, each stream is its own newest bytes", "[arena]") {
    constexpr ArenaShape kShape{6, 24};
    std::mt19937 random(GENERATE(1U, 2U, 3U, 4U));
    const PlainArena plain(kShape);
    ArenaWriter writer(plain.arena());
    std::vector<std::uint64_t> end(kShape.slots);
    for (int step = 0; step < 5000; ++step) {
        const auto slot = static_cast<std::uint32_t>(random() % kShape.slots);
        switch (random() % 40) {
            case 0:
                writer = ArenaWriter(plain.arena());
                break;
            case 1:
                writer.forget(slot);
                break;
            case 2:
                limit(plain, writer, slot, random() % 20000);
                break;
            default: {
                const std::size_t size = random() % 8 == 0 ? random() % 30000 : random() % 200;
                append(plain, writer, slot, bytes_at(slot, end[slot], size));
                end[slot] += size;
            }
        }
        const Excerpt excerpt = plain.read(slot);
        REQUIRE(fits(slot, excerpt));
        REQUIRE((excerpt.next == end[slot] || end[slot] == 0));
        REQUIRE(excerpt.lost + excerpt.bytes.size() == excerpt.next);
    }
}

// Data races are what this is about: it is not for ThreadSanitizer.
TEST_CASE("a reader beside a writer never sees torn bytes", "[arena]") {
    constexpr ArenaShape kShape{3, 8};
    const PlainArena plain(kShape);
    std::atomic<bool> stop{false};
    std::thread other([&] {
        ArenaWriter writer(plain.arena());
        std::mt19937 random(7);
        std::vector<std::uint64_t> end(kShape.slots);
        for (std::uint32_t slot = 0; slot < kShape.slots; ++slot) {
            limit(plain, writer, slot, 8 * kBlockSize);
        }
        while (!stop) {
            const auto slot = static_cast<std::uint32_t>(random() % kShape.slots);
            const std::size_t size = random() % 1500;
            append(plain, writer, slot, bytes_at(slot, end[slot], size));
            end[slot] += size;
        }
    });
    std::size_t wrong = 0;
    std::vector<std::uint64_t> seen(kShape.slots);
    while (seen[0] < 2'000'000) {
        for (std::uint32_t slot = 0; slot < kShape.slots; ++slot) {
            const Excerpt excerpt = plain.read(slot, seen[slot]);
            wrong += fits(slot, excerpt) ? 0 : 1;
            seen[slot] = excerpt.next;
        }
    }
    stop = true;
    other.join();
    CHECK(wrong == 0);
}

TEST_CASE("memory that means nothing harms neither reader nor next writer", "[arena]") {
    constexpr ArenaShape kShape{4, 8};
    std::mt19937 random(GENERATE(11U, 12U, 13U));
    for (int round = 0; round < 300; ++round) {
        const PlainArena plain(kShape);
        ArenaWriter first(plain.arena());
        limit(plain, first, 1, 4 * kBlockSize);
        append(plain, first, 1, bytes_at(1, 0, 3000));
        const std::size_t holes = random() % 60;
        for (std::size_t i = 0; i < holes; ++i) {
            const std::size_t tables = plain.size() - kShape.blocks * kBlockSize;
            plain.memory()[random() % tables] = static_cast<std::byte>(random() % 12);
        }
        for (std::uint32_t slot = 0; slot < kShape.slots; ++slot) {
            REQUIRE(plain.read(slot, random() % 5000).bytes.size() <= plain.size());
        }
        ArenaWriter second(plain.arena());
        for (std::uint32_t slot = 0; slot < kShape.slots; ++slot) {
            limit(plain, second, slot, 6 * kBlockSize);
            append(plain, second, slot, std::string(random() % 9000 + 1, 'x') + "end");
            REQUIRE(plain.text(slot).ends_with("xend"));
        }
    }
}
