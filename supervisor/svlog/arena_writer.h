/// PURE. The one writer of an arena: svlog, or the supervisor while there is no svlog. Takes over
/// what another writer left there, however that one ended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "supervisor/svlog/arena.h"

namespace mainstay::svlog {

class ArenaWriter {
  public:
    /// Goes through the blocks that were ever used: what makes no sense is given back.
    explicit ArenaWriter(Arena arena);

    /// Lets the stream of @p slot keep up to @p memory bytes, in whole blocks, from the next trim()
    /// on. May be called again to change that. A slot beyond the arena's is ignored here and
    /// everywhere.
    void set_limit(std::uint32_t slot, std::uint64_t memory);

    /// A part of a block.
    struct Room {
        char* data;
        std::size_t size;
    };

    /// Room behind the stream's end, in order, for @p size bytes; less where there is no more, but
    /// some. Old bytes give way to it: the stream's own beyond its limit that come before @p from,
    /// then those of the largest stream. It counts as written with commit(), and is to be filled
    /// before any other call.
    std::span<const Room> reserve(std::uint32_t slot, std::size_t size, std::uint64_t from);

    /// The first @p size bytes of what reserve() gave are the stream's newest now.
    void commit(std::uint32_t slot, std::size_t size);

    /// Gives back what is beyond the stream's limit, the oldest first, but nothing from position
    /// @p from on.
    void trim(std::uint32_t slot, std::uint64_t from);

    /// Gives the stream's memory back. Its positions go on where they were, so that no reader takes
    /// the next user's bytes for this one's.
    void forget(std::uint32_t slot);

  private:
    struct Ring {
        std::uint32_t oldest = 0;  ///< index + 1
        std::uint32_t newest = 0;  ///< index + 1
        std::uint32_t count = 0;
        std::uint32_t most = 0;
    };

    void take_over();
    void take_over_stream(std::uint32_t slot, std::vector<std::uint32_t>& newest_first);
    Ring& ring(std::uint32_t slot);
    bool link_new_block(std::uint32_t slot, std::uint64_t position, std::uint64_t from);
    std::uint32_t obtain_block(std::uint32_t slot, std::uint64_t from);
    bool is_oldest_before(std::uint32_t slot, std::uint64_t position) const noexcept;
    std::uint32_t detach_oldest(std::uint32_t slot);
    void release_newest(std::uint32_t slot);
    std::uint32_t largest(std::uint32_t own) const noexcept;
    void release(std::uint32_t block);
    void drop_all(std::uint32_t slot, Ring& ring);

    Arena arena_;
    std::vector<Ring> rings_;          ///< by slot
    std::vector<std::uint32_t> next_;  ///< by block: index + 1 of the one after it
    std::vector<std::uint32_t> free_;
    std::vector<Room> room_;  ///< what reserve() gave last
};

}  // namespace mainstay::svlog
