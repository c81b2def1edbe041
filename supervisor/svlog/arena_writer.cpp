#include "supervisor/svlog/arena_writer.h"

#include <algorithm>
#include <cstring>
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
        // A writer that died may have begun a block of which nothing was published.
        if (end > 0 &&
            load(arena_.block(newest_first[0]).tag) == tag_of(slot, (end - 1) / kBlockSize + 1)) {
            release(newest_first[0]);
            newest_first.erase(newest_first.begin());
        }
        const std::uint64_t newest = end > 0 ? (end - 1) / kBlockSize : 0;
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
    if (slot >= arena_.shape().slots) {
        return;
    }
    Ring& own = ring(slot);
    own.most = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(memory / kBlockSize, arena_.shape().blocks));
    while (own.count > own.most) {
        release(detach_oldest(slot));
    }
    store(arena_.slot(slot).last_block, own.newest);
}

void ArenaWriter::append(std::uint32_t slot, std::string_view text) {
    if (slot >= arena_.shape().slots) {
        return;
    }
    Ring& own = ring(slot);
    ArenaSlot& stream = arena_.slot(slot);
    std::uint64_t end = load(stream.end, kRelaxed);
    const std::size_t limit = std::size_t{own.most} * kBlockSize;
    if (text.size() > limit) {
        // What would be overwritten in the same breath is not written at all.
        drop_all(slot, own);
        end += text.size() - limit;
        text.remove_prefix(text.size() - limit);
    }
    while (!text.empty()) {
        if (end % kBlockSize == 0 || own.count == 0) {
            link_new_block(slot, own, end);
        }
        const std::size_t offset = end % kBlockSize;
        const std::size_t size = std::min(text.size(), kBlockSize - offset);
        std::memcpy(arena_.data(own.newest - 1) + offset, text.data(), size);
        text.remove_prefix(size);
        end += size;
        store(stream.end, end);
    }
    store(stream.end, end);
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

void ArenaWriter::link_new_block(std::uint32_t slot, Ring& ring, std::uint64_t position) {
    const std::uint32_t index = obtain_block(slot, ring);
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
}

std::uint32_t ArenaWriter::obtain_block(std::uint32_t slot, Ring& ring) {
    if (ring.count >= ring.most) {
        return detach_oldest(slot);
    }
    if (!free_.empty()) {
        const std::uint32_t index = free_.back();
        free_.pop_back();
        return index;
    }
    if (next_.size() < arena_.shape().blocks) {
        next_.push_back(0);
        store(arena_.header().used_blocks, static_cast<std::uint32_t>(next_.size()));
        return static_cast<std::uint32_t>(next_.size() - 1);
    }
    return detach_oldest(largest(slot));
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

void ArenaWriter::release(std::uint32_t block) {
    invalidate(arena_.block(block));
    free_.push_back(block);
}

}  // namespace mainstay::svlog
