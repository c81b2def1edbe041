#include "init/keeper_image.h"

#include <algorithm>
#include <cstring>

#include "init/keeper_state.h"

namespace mainstay::init {
namespace {

constexpr std::uint32_t kNumber = sizeof(std::uint32_t);
/// No version has larger parts; anything else is nonsense.
constexpr std::uint32_t kLargestPart = 4096;

/// Version 1 was laid out so, and did not say it.
constexpr std::uint32_t kShapeOfVersion1Keys = 92;
constexpr std::uint32_t kShapeOfVersion1Processes = kShapeOfVersion1Keys + 40 * 32768 + 2 * 65536;
constexpr KeeperShape kShapeOfVersion1{24,
                                       48,
                                       72,
                                       84,
                                       kShapeOfVersion1Keys,
                                       40,
                                       kShapeOfVersion1Processes,
                                       kShapeOfVersion1Processes + 24,
                                       32,
                                       0};

bool fits(std::uint64_t offset, std::uint64_t size, std::size_t memory) noexcept {
    return offset <= memory && size <= memory - offset;
}

bool is_part(std::uint32_t size) noexcept {
    return size >= kNumber && size <= kLargestPart;
}

bool is_sound(const KeeperShape& shape, std::size_t memory) noexcept {
    return is_part(shape.link_size) && is_part(shape.key_size) && is_part(shape.entry_size) &&
           fits(shape.link_offset, shape.link_size, memory) &&
           fits(shape.talk_offset, std::uint64_t{3} * kNumber, memory) &&
           fits(shape.key_count_offset, kNumber, memory) &&
           fits(shape.used_offset, kNumber, memory) && fits(shape.keys_offset, 0, memory) &&
           fits(shape.entries_offset, 0, memory);
}

/// How many parts of that size there may be from @p offset on.
std::uint32_t room(std::size_t memory, std::uint32_t offset, std::uint32_t size) noexcept {
    return static_cast<std::uint32_t>((memory - offset) / size);
}

}  // namespace

std::optional<KeeperImage> KeeperImage::open(std::span<const std::byte> memory) noexcept {
    KeeperHead head;
    if (memory.size() < sizeof head) {
        return std::nullopt;
    }
    std::memcpy(&head, memory.data(), sizeof head);
    if (head.version == 1) {
        head.shape = kShapeOfVersion1;
    }
    if (head.magic != KeeperHead::kMagic || head.version == 0 || head.size > memory.size() ||
        !is_sound(head.shape, memory.size())) {
        return std::nullopt;
    }
    return KeeperImage(memory, head);
}

template <typename Part>
Part KeeperImage::part_at(std::size_t offset, std::size_t size) const noexcept {
    Part part{};
    std::memcpy(&part, memory_.data() + offset, std::min(size, sizeof part));
    return part;
}

std::uint32_t KeeperImage::number_at(std::size_t offset) const noexcept {
    return part_at<std::uint32_t>(offset, kNumber);
}

LinkState KeeperImage::link() const noexcept {
    return part_at<LinkState>(head_.shape.link_offset, head_.shape.link_size);
}

std::uint32_t KeeperImage::claim_value() const noexcept {
    return number_at(head_.shape.talk_offset + 2 * kNumber);
}

std::uint32_t KeeperImage::key_count() const noexcept {
    const KeeperShape& shape = head_.shape;
    return std::min({number_at(shape.key_count_offset), KeptKeys::kMost,
                     room(memory_.size(), shape.keys_offset, shape.key_size)});
}

KeptKey KeeperImage::key(std::uint32_t index) const noexcept {
    const KeeperShape& shape = head_.shape;
    return part_at<KeptKey>(shape.keys_offset + std::size_t{index} * shape.key_size,
                            shape.key_size);
}

std::uint32_t KeeperImage::entry_count() const noexcept {
    const KeeperShape& shape = head_.shape;
    return std::min({number_at(shape.used_offset), KeptProcesses::kMost,
                     room(memory_.size(), shape.entries_offset, shape.entry_size)});
}

KeptProcess KeeperImage::entry(std::uint32_t index) const noexcept {
    const KeeperShape& shape = head_.shape;
    return part_at<KeptProcess>(shape.entries_offset + std::size_t{index} * shape.entry_size,
                                shape.entry_size);
}

}  // namespace mainstay::init
