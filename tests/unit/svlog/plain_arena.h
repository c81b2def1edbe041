/// An arena in ordinary memory.
#pragma once

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "supervisor/svlog/arena.h"
#include "supervisor/svlog/arena_reader.h"
#include "supervisor/svlog/arena_writer.h"

namespace mainstay::svlog {

class PlainArena {
  public:
    explicit PlainArena(ArenaShape shape) : shape_(shape) {
        constexpr std::size_t kAlignment = 128;
        size_ = (Arena::size_of(shape) + kAlignment - 1) / kAlignment * kAlignment;
        memory_.reset(static_cast<std::byte*>(std::aligned_alloc(kAlignment, size_)));
        std::memset(memory_.get(), 0, size_);
    }

    Arena arena() const noexcept { return {memory_.get(), shape_}; }
    std::byte* memory() const noexcept { return memory_.get(); }
    std::size_t size() const noexcept { return size_; }

    /// All that is there of a stream.
    Excerpt read(std::uint32_t slot, std::uint64_t from = 0) const {
        return read_arena(arena(), slot, from, size_);
    }
    std::string text(std::uint32_t slot) const { return read(slot).bytes; }

  private:
    struct Free {
        void operator()(std::byte* memory) const noexcept { std::free(memory); }
    };

    ArenaShape shape_;
    std::size_t size_ = 0;
    std::unique_ptr<std::byte, Free> memory_;
};

/// As svlog does it, but for a pipe.
inline void append(const PlainArena& plain, ArenaWriter& writer, std::uint32_t slot,
                   std::string_view text) {
    std::uint64_t end = 0;
    while (!text.empty()) {
        const auto rooms = writer.reserve(slot, text.size(), ~std::uint64_t{0});
        if (rooms.empty()) {
            return;  // no such slot
        }
        std::size_t size = 0;
        for (const ArenaWriter::Room& room : rooms) {
            text.copy(room.data, room.size, size);
            size += room.size;
        }
        writer.commit(slot, size);
        text.remove_prefix(size);
        end = load(plain.arena().slot(slot).end);
    }
    writer.trim(slot, end);
}

/// Beyond the limit nothing stays.
inline void limit(const PlainArena& plain, ArenaWriter& writer, std::uint32_t slot,
                  std::uint64_t memory) {
    writer.set_limit(slot, memory);
    if (slot < plain.arena().shape().slots) {
        writer.trim(slot, load(plain.arena().slot(slot).end));
    }
}

}  // namespace mainstay::svlog
