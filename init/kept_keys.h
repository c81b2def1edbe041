/// PURE. Which descriptors are kept under which key: free of pointers, for memory that outlives
/// this image of PID 1. Zeroed memory is an empty one, and memory that was never used is never
/// touched: the keys stand side by side, and an index of hashes says where.
///
/// Descriptors are mere numbers here: whoever calls owns and closes them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>

#include "common/boot_link.h"
#include "common/fixed.h"

namespace mainstay::init {

using DescriptorList = FixedVector<std::int32_t, kMaxLinkDescriptors>;

struct KeptKey {
    std::uint16_t kind;
    std::uint16_t count;  ///< of descriptors
    std::uint32_t id;
    std::array<std::int32_t, kMaxLinkDescriptors> descriptors;

    LinkKey key() const noexcept { return {kind, id}; }
    DescriptorList list() const noexcept;
};

struct KeptKeys {
    /// Room for one pipe, both ends, of 10,000 services, and as much again for everything else.
    static constexpr std::uint32_t kMostDescriptors = 32768;
    static constexpr std::uint32_t kMost = kMostDescriptors;  ///< keys: each has a descriptor
    static constexpr std::uint32_t kBuckets = 2 * kMost;

    std::uint32_t key_count;
    std::uint32_t descriptor_count;
    std::array<KeptKey, kMost> keys;            ///< the first key_count of them
    std::array<std::uint16_t, kBuckets> index;  ///< 1 + where in keys; 0: nothing

    std::span<const KeptKey> all() const noexcept { return {keys.data(), key_count}; }

    struct Change {
        bool is_done = false;
        DescriptorList displaced;  ///< what was kept under the key before
    };
    /// Puts @p descriptors (1 to 8) in the place of what is kept under @p key.
    /// @param most how many there may be in all; at most kMostDescriptors
    Change put(LinkKey key, std::span<const std::int32_t> descriptors, std::uint32_t most) noexcept;

    /// Forgets @p key. @returns what was kept under it
    DescriptorList take(LinkKey key) noexcept;

    const KeptKey* find(LinkKey key) const noexcept;

  private:
    std::uint32_t bucket_of(LinkKey key) const noexcept;
    void empty_bucket(std::uint32_t bucket) noexcept;
};

static_assert(std::is_trivially_copyable_v<KeptKeys>);

}  // namespace mainstay::init
