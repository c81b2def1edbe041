// An arena of foreign bytes: reading it stays within it, and a writer that takes it over keeps what
// it is given.
#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "input.h"
#include "supervisor/svlog/arena_reader.h"
#include "supervisor/svlog/arena_writer.h"

using namespace mainstay;

namespace {

constexpr svlog::ArenaShape kShape{3, 6};
constexpr std::size_t kSize = svlog::Arena::size_of(kShape);

void write(svlog::ArenaWriter& writer, std::uint32_t slot, std::string_view text) {
    std::size_t done = 0;
    for (const auto& room : writer.reserve(slot, text.size(), 0)) {
        const std::size_t size = std::min(room.size, text.size() - done);
        std::memcpy(room.data, text.data() + done, size);
        done += size;
    }
    fuzz::require(done == text.size());
    writer.commit(slot, done);
}

}  // namespace

// The bytes fill the tables from the beginning: header, slots, blocks.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    alignas(128) static std::array<std::byte, kSize> memory;
    memory.fill(std::byte{0});
    std::memcpy(memory.data(), data, size < kSize ? size : kSize);
    const svlog::Arena arena(memory.data(), kShape);
    for (std::uint32_t slot = 0; slot <= kShape.slots; ++slot) {
        const auto excerpt = svlog::read_arena(arena, slot, 100, kSize);
        fuzz::require(excerpt.bytes.size() <= kShape.blocks * svlog::kBlockSize);
    }
    svlog::ArenaWriter writer(arena);
    for (std::uint32_t slot = 0; slot < kShape.slots; ++slot) {
        writer.set_limit(slot, 2 * svlog::kBlockSize);
        const std::uint64_t end = svlog::load(arena.slot(slot).end);
        if (end > std::uint64_t{1} << 48U) {
            continue;  // no stream gets there
        }
        const std::string text = "what stream " + std::to_string(slot) + " says";
        write(writer, slot, text);
        fuzz::require(svlog::read_arena(arena, slot, end, kSize).bytes == text);
    }
    return 0;
}
