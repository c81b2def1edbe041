#include "supervisor/svlog/arena_reader.h"

#include <algorithm>
#include <cstring>

namespace mainstay::svlog {
namespace {

/// Copies a stream from its end backwards, block by block.
class Backwards {
  public:
    Backwards(const Arena& arena, std::uint32_t slot, char* target) noexcept
        : arena_(arena), slot_(slot), target_(target) {}

    /// Fills the target, which stands for [from, end), from its end on.
    /// @returns the position of the first byte that could be had
    std::uint64_t copy(std::uint64_t from, std::uint64_t end) noexcept {
        std::uint64_t reached = end;
        std::uint32_t link = load(arena_.slot(slot_).last_block);
        // No chain is longer than there are blocks, whatever the links say.
        for (std::uint32_t steps = 0; steps < arena_.shape().blocks && reached > from; ++steps) {
            if (link == 0 || link > arena_.shape().blocks) {
                break;
            }
            const std::uint64_t before = reached;
            if (!copy_block(link - 1, from, reached)) {
                break;
            }
            link = reached == before || reached % kBlockSize == 0 ? prev_ : 0;
        }
        return reached;
    }

  private:
    /// Lowers @p reached to the first byte that was copied.
    /// @returns whether there may be more in the block before
    bool copy_block(std::uint32_t index, std::uint64_t from, std::uint64_t& reached) noexcept {
        const ArenaBlock& block = arena_.block(index);
        const std::uint64_t number = (reached - 1) / kBlockSize;
        const std::uint64_t tag = load(block.tag);
        prev_ = load(block.prev, std::memory_order_relaxed);
        const std::uint32_t first = load(block.first, std::memory_order_relaxed);
        const bool is_ours = tag >> 40U == tag_of(slot_, 0) >> 40U;
        if (tag != tag_of(slot_, number)) {
            // A newer one: it was begun after the end that is read up to.
            return is_ours && tag > tag_of(slot_, number);
        }
        const std::uint64_t begin =
            std::max(number * kBlockSize + std::min<std::uint64_t>(first, kBlockSize), from);
        if (begin >= reached) {
            return false;
        }
        std::memcpy(target_ + (begin - from), arena_.data(index) + begin % kBlockSize,
                    reached - begin);
        std::atomic_thread_fence(std::memory_order_acquire);
        if (load(block.tag, std::memory_order_relaxed) != tag) {
            return false;
        }
        reached = begin;
        return true;
    }

    const Arena& arena_;
    std::uint32_t slot_;
    char* target_;
    std::uint32_t prev_ = 0;
};

}  // namespace

Excerpt read_arena(const Arena& arena, std::uint32_t slot, std::uint64_t from, std::size_t most) {
    Excerpt excerpt;
    excerpt.next = from;
    if (slot >= arena.shape().slots) {
        return excerpt;
    }
    const std::uint64_t end = load(arena.slot(slot).end);
    if (end <= from) {
        return excerpt;
    }
    most = std::min(most, std::size_t{arena.shape().blocks} * kBlockSize);
    const std::uint64_t start = end - std::min<std::uint64_t>(end - from, most);
    excerpt.bytes.resize(end - start);
    const std::uint64_t reached = Backwards(arena, slot, excerpt.bytes.data()).copy(start, end);
    excerpt.bytes.erase(0, reached - start);
    excerpt.lost = reached - from;
    excerpt.next = end;
    return excerpt;
}

std::optional<std::string_view> read_next(const Arena& arena, std::uint32_t slot,
                                          std::uint64_t from, std::span<char> target) noexcept {
    if (slot >= arena.shape().slots) {
        return std::string_view();
    }
    const std::uint64_t end =
        std::min<std::uint64_t>(load(arena.slot(slot).end), from + target.size());
    if (end <= from) {
        return std::string_view();
    }
    if (Backwards(arena, slot, target.data()).copy(from, end) != from) {
        return std::nullopt;
    }
    return std::string_view(target.data(), end - from);
}

}  // namespace mainstay::svlog
