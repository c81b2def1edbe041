/// The arena's memory: a memfd that can neither grow nor shrink, mapped by svlog and supervisor.
#pragma once

#include <cstddef>

#include "common/result.h"
#include "common/unique_fd.h"
#include "supervisor/svlog/arena.h"

namespace mainstay::svlog {

/// memfd_create(2) (Linux 3.17), of kArenaShape, sealed against a change of its size: a shorter one
/// would be a bus error for who maps it.
Result<UniqueFd> make_arena_memory();

/// Owns a mapping of an arena.
class ArenaMapping {
  public:
    ArenaMapping() noexcept = default;
    ArenaMapping(ArenaMapping&& other) noexcept : memory_(std::exchange(other.memory_, nullptr)) {}
    ArenaMapping& operator=(ArenaMapping&& other) noexcept {
        std::swap(memory_, other.memory_);
        return *this;
    }
    ArenaMapping(const ArenaMapping&) = delete;
    ArenaMapping& operator=(const ArenaMapping&) = delete;
    ~ArenaMapping();

    /// @param fd from make_arena_memory(); borrowed. EINVAL where it is too small.
    static Result<ArenaMapping> map(int fd);

    bool is_mapped() const noexcept { return memory_ != nullptr; }
    Arena arena() const noexcept { return {memory_, kArenaShape}; }

  private:
    explicit ArenaMapping(std::byte* memory) noexcept : memory_(memory) {}

    std::byte* memory_ = nullptr;
};

}  // namespace mainstay::svlog
