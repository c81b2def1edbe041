#include "supervisor/svlog/arena_writer.h"

#include <algorithm>
#include <utility>

namespace mainstay::svlog {
namespace {

constexpr std::memory_order kRelaxed = std::memory_order_relaxed;

/// From here on readers of the block notice that it is not what it was.
void invalidate(ArenaBlock& block) noexcept {
    store(block.tag, std::uint64_t{0}, kRelaxed);
    std::atomic_thread_fence(std::memory_order_release);
}

}  // namespace

ArenaWriter::ArenaWriter(Arena arena) : arena_(arena) {
    take_over();
}

// --- what another writer left -----------------------------------------------------------------

void ArenaWriter::take_over() {
    const std::uint32_t used = std::min(load(arena_.header().used_blocks), arena_.shape().blocks);
    next_.assign(used, 0);
    std::vector<std::pair<std::uint64_t, std::uint32_t>> tagged;
    for (std::uint32_t index = 0; index < used; ++index) {
        const std::uint64_t tag = load(arena_.block(index).tag);
        if (tag == 0) {
            free_.push_back(index);
        } else {
            tagged.emplace_back(tag, index);
        }
    }
    std::sort(tagged.begin(), tagged.end(), std::greater<>());
    std::vector<std::uint32_t> of_one;  // newest first
    for (std::size_t i = 0; i < tagged.size(); ++i) {
        of_one.push_back(tagged[i].second);
        const std::uint64_t slot = tagged[i].first >> 40U;
        if (i + 1 == tagged.size() || tagged[i + 1].first >> 40U != slot) {
            take_over_stream(static_cast<std::uint32_t>(slot - 1), of_one);
            of_one.clear();
        }
    }
}

/// Keeps the newest blocks that follow each other and hold the stream's last byte.
void ArenaWriter::take_over_stream(std::uint32_t slot, std::vector<std::uint32_t>& newest_first) {
    std::size_t kept = 0;
    if (slot < arena_.shape().slots) {
        Ring& own = ring(slot);
        const std::uint64_t end = load(arena_.slot(slot).end);
        const std::uint64_t newest = end > 0 ? (end - 1) / kBlockSize : 0;
        // A writer that died may have reserved blocks of which nothing was published.
        const auto published =
            std::find_if(newest_first.begin(), newest_first.end(), [&](std::uint32_t index) {
                return end > 0 && load(arena_.block(index).tag) <= tag_of(slot, newest);
            });
        std::for_each(newest_first.begin(), published,
                      [this](std::uint32_t index) { release(index); });
        newest_first.erase(newest_first.begin(), published);
        while (end > 0 && kept < newest_first.size() && newest >= kept &&
               load(arena_.block(newest_first[kept]).tag) == tag_of(slot, newest - kept)) {
            const std::uint32_t index = newest_first[kept];
            next_[index] = kept == 0 ? 0 : newest_first[kept - 1] + 1;
            own.oldest = index + 1;
            ++kept;
        }
        for (std::size_t i = 0; i < kept; ++i) {
            const std::uint32_t before = i + 1 < kept ? newest_first[i + 1] + 1 : 0;
            ArenaBlock& block = arena_.block(newest_first[i]);
            store(block.prev, before);
            // None of its bytes is ahead of the stream's end.
            const std::uint64_t filled = i == 0 ? end - newest * kBlockSize : kBlockSize;
            store(block.first, std::min(load(block.first), static_cast<std::uint32_t>(filled)));
        }
        own.count = static_cast<std::uint32_t>(kept);
        own.most = own.count;
        own.newest = kept == 0 ? 0 : newest_first[0] + 1;
        store(arena_.slot(slot).last_block, own.newest);
    }
    for (std::size_t i = kept; i < newest_first.size(); ++i) {
        release(newest_first[i]);
    }
}

// --- streams ----------------------------------------------------------------------------------

ArenaWriter::Ring& ArenaWriter::ring(std::uint32_t slot) {
    if (slot >= rings_.size()) {
        rings_.resize(slot + 1);
    }
    return rings_[slot];
}

void ArenaWriter::set_limit(std::uint32_t slot, std::uint64_t memory) {
    if (slot < arena_.shape().slots) {
        ring(slot).most = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(memory / kBlockSize, arena_.shape().blocks));
    }
}

std::span<const ArenaWriter::Room> ArenaWriter::reserve(std::uint32_t slot, std::size_t size,
                                                        std::uint64_t from) {
    room_.clear();
    if (slot >= arena_.shape().slots) {
        return room_;
    }
    const Ring& own = ring(slot);
    std::uint64_t end = load(arena_.slot(slot).end, kRelaxed);
    from = std::min(from, end);
    while (size > 0) {
        const bool has_room = end % kBlockSize != 0 && own.count > 0;
        if (!has_room && !link_new_block(slot, end, from)) {
            break;
        }
        const std::size_t offset = end % kBlockSize;
        const std::size_t part = std::min(size, kBlockSize - offset);
        room_.push_back({arena_.data(own.newest - 1) + offset, part});
        end += part;
        size -= part;
    }
    return room_;
}

void ArenaWriter::commit(std::uint32_t slot, std::size_t size) {
    if (slot >= arena_.shape().slots) {
        return;
    }
    ArenaSlot& stream = arena_.slot(slot);
    const std::uint64_t end = load(stream.end, kRelaxed) + size;
    store(stream.end, end);
    const Ring& own = ring(slot);
    const std::uint64_t newest = end > 0 ? (end - 1) / kBlockSize : 0;
    while (own.count > 0 && load(arena_.block(own.newest - 1).tag) > tag_of(slot, newest)) {
        release_newest(slot);
    }
}

void ArenaWriter::trim(std::uint32_t slot, std::uint64_t from) {
    if (slot >= arena_.shape().slots) {
        return;
    }
    const Ring& own = ring(slot);
    const bool is_all = from >= load(arena_.slot(slot).end, kRelaxed);
    while (own.count > own.most && (is_all || is_oldest_before(slot, from))) {
        release(detach_oldest(slot));
    }
}

void ArenaWriter::forget(std::uint32_t slot) {
    if (slot < arena_.shape().slots) {
        drop_all(slot, ring(slot));
        ring(slot) = Ring();
        ArenaSlot& stream = arena_.slot(slot);
        set_file_mark(stream, {load(stream.end), 0, 0});
        store(stream.taking, std::uint32_t{0});
        store(stream.wanted, std::uint32_t{0});
    }
}

void ArenaWriter::drop_all(std::uint32_t slot, Ring& ring) {
    while (ring.count > 0) {
        release(detach_oldest(slot));
    }
}

// --- blocks -----------------------------------------------------------------------------------

/// @returns false where there is no block to be had but those that the room consists of
bool ArenaWriter::link_new_block(std::uint32_t slot, std::uint64_t position, std::uint64_t from) {
    const std::uint32_t obtained = obtain_block(slot, from);
    if (obtained == 0) {
        return false;
    }
    const std::uint32_t index = obtained - 1;
    Ring& ring = rings_[slot];
    ArenaBlock& block = arena_.block(index);
    const std::uint32_t before = ring.newest;
    invalidate(block);
    store(block.prev, before, kRelaxed);
    store(block.first, static_cast<std::uint32_t>(position % kBlockSize), kRelaxed);
    store(block.tag, tag_of(slot, position / kBlockSize));
    next_[index] = 0;
    if (before != 0) {
        next_[before - 1] = index + 1;
    } else {
        ring.oldest = index + 1;
    }
    ++ring.count;
    ring.newest = index + 1;
    store(arena_.slot(slot).last_block, ring.newest);
    return true;
}

/// @returns index + 1; 0: there is none
std::uint32_t ArenaWriter::obtain_block(std::uint32_t slot, std::uint64_t from) {
    const Ring& own = rings_[slot];
    if (own.count > 0 && own.count >= own.most && is_oldest_before(slot, from)) {
        return detach_oldest(slot) + 1;
    }
    if (!free_.empty()) {
        const std::uint32_t index = free_.back();
        free_.pop_back();
        return index + 1;
    }
    if (next_.size() < arena_.shape().blocks) {
        next_.push_back(0);
        store(arena_.header().used_blocks, static_cast<std::uint32_t>(next_.size()));
        return static_cast<std::uint32_t>(next_.size());
    }
    const std::uint32_t victim = largest(slot);
    const bool is_room = victim == slot && !is_oldest_before(slot, load(arena_.slot(slot).end));
    return is_room ? 0 : detach_oldest(victim) + 1;
}

/// Whether all bytes of the stream's oldest block come before @p position.
bool ArenaWriter::is_oldest_before(std::uint32_t slot, std::uint64_t position) const noexcept {
    const Ring& ring = rings_[slot];
    return ring.count > 0 &&
           load(arena_.block(ring.oldest - 1).tag) < tag_of(slot, position / kBlockSize);
}

std::uint32_t ArenaWriter::largest(std::uint32_t own) const noexcept {
    std::uint32_t found = own;
    for (std::uint32_t slot = 0; slot < rings_.size(); ++slot) {
        if (rings_[slot].count > rings_[found].count) {
            found = slot;
        }
    }
    return found;
}

/// Takes the stream's oldest block away; it has one.
std::uint32_t ArenaWriter::detach_oldest(std::uint32_t slot) {
    Ring& owner = rings_[slot];
    const std::uint32_t index = owner.oldest - 1;
    owner.oldest = next_[index];
    --owner.count;
    if (owner.count == 0) {
        owner.oldest = 0;
        owner.newest = 0;
        store(arena_.slot(slot).last_block, std::uint32_t{0});
    }
    invalidate(arena_.block(index));
    return index;
}

/// Gives the stream's newest block back; it has one.
void ArenaWriter::release_newest(std::uint32_t slot) {
    Ring& owner = rings_[slot];
    const std::uint32_t index = owner.newest - 1;
    --owner.count;
    owner.newest = owner.count == 0 ? 0 : arena_.block(index).prev;
    if (owner.count == 0) {
        owner.oldest = 0;
    } else {
        next_[owner.newest - 1] = 0;
    }
    store(arena_.slot(slot).last_block, owner.newest);
    release(index);
}

void ArenaWriter::release(std::uint32_t block) {
    invalidate(arena_.block(block));
    free_.push_back(block);
}

}  // namespace mainstay::svlog
