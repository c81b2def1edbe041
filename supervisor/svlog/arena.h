/// PURE. The memory in which the newest output of all services lies: one block of memory that svlog
/// writes and the supervisor reads, without asking and without waiting. What it looks like, and the
/// bounds that both sides hold it to; writing is arena_writer's, reading arena_reader's.
///
/// A service's output is a stream of bytes, numbered from 0. The newest lie in blocks of 1 KiB; a
/// block holds the bytes whose position divided by 1 KiB is its number. Blocks are handed out as
/// output comes and, when there are none left, taken back from whoever has most. Only what was
/// written is ever touched.
///
/// Order of publication: a block's tag is cleared before anything else in it changes, and a
/// stream's end is moved after its bytes are there. So a reader that finds the same tag after it
/// has copied as before has copied bytes that nobody wrote to meanwhile.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace mainstay::svlog {

inline constexpr std::size_t kBlockSize = 1024;

/// How much there is of everything. Both sides know it beforehand: nothing in the memory is
/// believed.
struct ArenaShape {
    std::uint32_t slots = 0;   ///< services at most; at most 2^23
    std::uint32_t blocks = 0;  ///< at most 2^31
};

/// What all of this means: another supervisor may have made the memory. To be counted up with each
/// change of a structure below.
inline constexpr std::uint32_t kArenaLayout = 2;

/// 32,768 services; 16 MiB of output.
inline constexpr ArenaShape kArenaShape{32768, 16384};

/// How far svlog has come with a service's files: what the next svlog goes on from.
struct FileMark {
    std::uint64_t position = 0;  ///< of the stream: what comes before it is in files, or given up
    std::uint64_t size = 0;      ///< of the current file, then
    std::uint64_t inode = 0;     ///< of the current file; 0: there was none

    friend bool operator==(const FileMark&, const FileMark&) noexcept = default;
};

/// One service's stream. All fields are accessed atomically.
struct alignas(128) ArenaSlot {
    std::uint64_t end = 0;         ///< position behind the newest byte
    FileMark marks[2];             ///< the one that mark names counts
    std::uint32_t mark = 0;        ///< 0 or 1
    std::uint32_t last_block = 0;  ///< index + 1 of the newest block; 0: none
    std::uint32_t taking = 0;      ///< 1: bytes are on their way from the pipe to here
    std::uint32_t wanted = 0;      ///< 1: the supervisor wants to hear of the next bytes
    std::uint32_t owner = 0;       ///< the service's id, which the next supervisor knows; 0: nobody
    std::uint32_t pipe = 0;        ///< svlog's descriptor of the pipe + 1; 0: it has none
};
static_assert(sizeof(ArenaSlot) == 128);

struct ArenaBlock {
    std::uint64_t tag = 0;    ///< whose it is and its number (tag_of); 0: nobody's
    std::uint32_t prev = 0;   ///< index + 1 of the block before it; 0: none
    std::uint32_t first = 0;  ///< offset of the first byte that is the stream's
};

/// What is under way from a pipe into the arena (intake.h).
struct StageMark {
    std::uint64_t target = 0;  ///< where the stream ends when all of it has come; 0: not known yet
    std::uint32_t slot = 0;
};

struct alignas(128) ArenaHeader {
    std::uint32_t layout = 0;       ///< kArenaLayout
    std::uint32_t used_blocks = 0;  ///< no block from this index on was ever handed out
    std::uint32_t used_slots = 0;   ///< no slot from this index on ever had an owner
    StageMark staged;
};
static_assert(sizeof(ArenaHeader) == 128);

/// The memory cut into its parts; borrowed.
class Arena {
  public:
    Arena() = default;
    /// @param memory of size_of(shape) bytes at least, aligned to 128
    Arena(std::byte* memory, ArenaShape shape) noexcept : memory_(memory), shape_(shape) {}

    static constexpr std::size_t size_of(ArenaShape shape) noexcept {
        return data_offset(shape) + std::size_t{shape.blocks} * kBlockSize;
    }

    ArenaShape shape() const noexcept { return shape_; }
    ArenaHeader& header() const noexcept { return *reinterpret_cast<ArenaHeader*>(memory_); }
    ArenaSlot& slot(std::uint32_t index) const noexcept {
        return reinterpret_cast<ArenaSlot*>(memory_ + sizeof(ArenaHeader))[index];
    }
    ArenaBlock& block(std::uint32_t index) const noexcept {
        return reinterpret_cast<ArenaBlock*>(memory_ + blocks_offset(shape_))[index];
    }
    char* data(std::uint32_t block) const noexcept {
        return reinterpret_cast<char*>(memory_ + data_offset(shape_)) +
               std::size_t{block} * kBlockSize;
    }

  private:
    static constexpr std::size_t kPage = 4096;

    static constexpr std::size_t blocks_offset(ArenaShape shape) noexcept {
        return sizeof(ArenaHeader) + std::size_t{shape.slots} * sizeof(ArenaSlot);
    }
    static constexpr std::size_t data_offset(ArenaShape shape) noexcept {
        const std::size_t end =
            blocks_offset(shape) + std::size_t{shape.blocks} * sizeof(ArenaBlock);
        return (end + kPage - 1) / kPage * kPage;
    }

    std::byte* memory_ = nullptr;
    ArenaShape shape_;
};

/// Whose block it is and which of that stream; never 0.
constexpr std::uint64_t tag_of(std::uint32_t slot, std::uint64_t number) noexcept {
    constexpr unsigned kNumberBits = 40;  // 2^50 bytes of one service
    return (std::uint64_t{slot} + 1) << kNumberBits |
           (number & ((std::uint64_t{1} << kNumberBits) - 1));
}

template <typename T>
T load(const T& field, std::memory_order order = std::memory_order_acquire) noexcept {
    // atomic_ref of a const type comes with C++26 only; nothing is written here.
    return std::atomic_ref<T>(const_cast<T&>(field)).load(order);
}

template <typename T>
void store(T& field, T value, std::memory_order order = std::memory_order_release) noexcept {
    std::atomic_ref<T>(field).store(value, order);
}

/// The reader's side: asks to be told when the stream grows beyond what is read after this call.
inline void ask_for_news(ArenaSlot& slot) noexcept {
    store(slot.wanted, std::uint32_t{1}, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

/// The writer's side, after it has moved the end: whether somebody is to be told, once.
inline bool take_wanted(ArenaSlot& slot) noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return load(slot.wanted, std::memory_order_relaxed) != 0 &&
           std::atomic_ref(slot.wanted).exchange(0) != 0;
}

/// Written in the half that does not count, then made to count: a svlog that is killed leaves the
/// one or the other, nothing in between.
inline void set_file_mark(ArenaSlot& slot, const FileMark& mark) noexcept {
    const std::uint32_t other = 1 - (load(slot.mark, std::memory_order_relaxed) & 1U);
    store(slot.marks[other].position, mark.position, std::memory_order_relaxed);
    store(slot.marks[other].size, mark.size, std::memory_order_relaxed);
    store(slot.marks[other].inode, mark.inode, std::memory_order_relaxed);
    store(slot.mark, other);
}

inline FileMark file_mark(const ArenaSlot& slot) noexcept {
    const FileMark& mark = slot.marks[load(slot.mark) & 1U];
    return {load(mark.position), load(mark.size), load(mark.inode)};
}

}  // namespace mainstay::svlog
