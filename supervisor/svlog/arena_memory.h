/// The arena's memory: a memfd that can neither grow nor shrink, mapped by svlog and supervisor,
/// and the pipe by which bytes come into it (intake.h). And who may write to it.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <optional>

#include "common/fd_io.h"
#include "common/result.h"
#include "common/unique_fd.h"
#include "supervisor/svlog/arena.h"

namespace mainstay::svlog {

/// All that one writer of an arena leaves to the next.
struct ArenaDescriptors {
    UniqueFd memory;
    Pipe stage;
};

/// Where svlog has them, memory, read and write end of the stage, so that a supervisor finds them
/// with pidfd_getfd(2).
inline constexpr std::array<int, 3> kArenaDescriptors = {100, 101, 102};

/// Moves them there; to be called while these numbers are free, before become_writer().
Result<ArenaDescriptors> place(ArenaDescriptors descriptors);

/// memfd_create(2) (Linux 3.17), of kArenaShape, sealed against a change of its size: a shorter one
/// would be a bus error for who maps it.
Result<ArenaDescriptors> make_arena();

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

    /// @param fd the memory of make_arena(); borrowed. EINVAL where it is too small or can shrink,
    /// EPROTO where it is laid out in another way than this program knows.
    static Result<ArenaMapping> map(int fd);

    bool is_mapped() const noexcept { return memory_ != nullptr; }
    Arena arena() const noexcept { return {memory_, kArenaShape}; }

  private:
    explicit ArenaMapping(std::byte* memory) noexcept : memory_(memory) {}

    std::byte* memory_ = nullptr;
};

/// Makes this process the one writer until it ends, closes any descriptor of this memory, or gives
/// it up: a record lock of fcntl(2), which no copy of the descriptor in another process holds on to
/// and which is not inherited by children. EAGAIN: another process is the writer.
Result<void> become_writer(int fd);
void give_up_writing(int fd) noexcept;

/// @returns the process that is the writer; nothing where nobody is, or this process. 0: it is one
/// that cannot be seen from here, as it is in another pid namespace.
std::optional<pid_t> writer_of(int fd) noexcept;

}  // namespace mainstay::svlog
