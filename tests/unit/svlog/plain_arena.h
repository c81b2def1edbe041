/// An arena in ordinary memory.
#pragma once

#include <cstdlib>
#include <cstring>
#include <memory>

#include "supervisor/svlog/arena.h"
#include "supervisor/svlog/arena_reader.h"

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

}  // namespace mainstay::svlog
