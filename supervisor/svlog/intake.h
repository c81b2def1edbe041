/// Brings what services write from their pipes into the arena, so that a kill between any two
/// instructions loses no byte and doubles none.
///
/// read(2) alone cannot do that: killed before it has noted how much it got, nobody knows. So bytes
/// are first moved, not copied, into a pipe of our own, the stage, which is empty otherwise; then
/// the arena notes where the stream will end with them; then they are read straight to their place
/// in the arena. How much is left in the stage says how many have come there: whoever takes over
/// needs to know no more.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/fd_io.h"
#include "supervisor/svlog/arena_writer.h"

namespace mainstay::svlog {

class Intake {
  public:
    /// To be made by who is the arena's writer for certain; finishes what another left half done.
    /// @param stage borrowed, outlives this
    Intake(Arena arena, const Pipe& stage);

    ArenaWriter& writer() noexcept { return writer_; }

    enum class PipeState : std::uint8_t {
        Open,
        Ended,   ///< nobody can write any more
        Refused  ///< no memory: what was taken waits in the stage, the rest in the pipes
    };
    struct Taken {
        std::size_t size = 0;
        PipeState state = PipeState::Open;
    };

    /// Takes up to @p most bytes from @p pipe, without waiting. Those of the stream from position
    /// @p from on stay in memory beyond its limit, as far as there is memory.
    Taken take(std::uint32_t slot, int pipe, std::size_t most, std::uint64_t from);

  private:
    bool empty_stage(std::uint64_t from);

    Arena arena_;
    const Pipe& stage_;
    std::size_t staged_;  ///< bytes in the stage; whose they are stands in the arena
    ArenaWriter writer_;
    std::vector<iovec> parts_;
};

}  // namespace mainstay::svlog
