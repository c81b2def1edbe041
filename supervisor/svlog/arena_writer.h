/// PURE. The one writer of an arena: svlog, or the supervisor while there is no svlog. Takes over
/// what another writer left there, however that one ended.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "supervisor/svlog/arena.h"

namespace mainstay::svlog {

class ArenaWriter {
  public:
    /// Goes through the blocks that were ever used: what makes no sense is given back.
    explicit ArenaWriter(Arena arena);

    /// Lets the stream of @p slot keep up to @p memory bytes, in whole blocks. May be called again
    /// to change that. A slot beyond the arena's is ignored here and everywhere.
    void set_limit(std::uint32_t slot, std::uint64_t memory);

    /// Old bytes give way: the stream's own beyond its limit, then those of the largest stream.
    void append(std::uint32_t slot, std::string_view text);

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
    void link_new_block(std::uint32_t slot, Ring& ring, std::uint64_t position);
    std::uint32_t obtain_block(std::uint32_t slot, Ring& ring);
    std::uint32_t detach_oldest(std::uint32_t slot);
    std::uint32_t largest(std::uint32_t own) const noexcept;
    void release(std::uint32_t block);
    void drop_all(std::uint32_t slot, Ring& ring);

    Arena arena_;
    std::vector<Ring> rings_;          ///< by slot
    std::vector<std::uint32_t> next_;  ///< by block: index + 1 of the one after it
    std::vector<std::uint32_t> free_;
};

}  // namespace mainstay::svlog
