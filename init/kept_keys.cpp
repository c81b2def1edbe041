#include "init/kept_keys.h"

#include <algorithm>

namespace mainstay::init {
namespace {

constexpr std::uint32_t kMask = KeptKeys::kBuckets - 1;
static_assert((KeptKeys::kBuckets & kMask) == 0, "a power of two");
static_assert(KeptKeys::kMost <= 0xffff, "the index has 16 bits");

/// Ids are handed out one after the other: their buckets lie together, so that few pages are
/// touched. Kinds of one id lie far apart.
std::uint32_t home_of(LinkKey key) noexcept {
    constexpr std::uint32_t kApart = 8209;
    return (key.id + key.kind * kApart) & kMask;
}

std::uint32_t after(std::uint32_t bucket) noexcept {
    return (bucket + 1) & kMask;
}

/// How far @p bucket is behind @p start, going round.
std::uint32_t distance(std::uint32_t start, std::uint32_t bucket) noexcept {
    return (bucket - start) & kMask;
}

}  // namespace

DescriptorList KeptKey::list() const noexcept {
    DescriptorList result;
    for (std::size_t i = 0; i < std::min<std::size_t>(count, descriptors.size()); ++i) {
        (void)result.push_back(descriptors[i]);
    }
    return result;
}

/// Where @p key is, or where it would be put. Half the buckets are free, so there is an end.
std::uint32_t KeptKeys::bucket_of(LinkKey key) const noexcept {
    std::uint32_t bucket = home_of(key);
    while (index[bucket] != 0 && keys[index[bucket] - 1U].key() != key) {
        bucket = after(bucket);
    }
    return bucket;
}

const KeptKey* KeptKeys::find(LinkKey key) const noexcept {
    const std::uint32_t place = index[bucket_of(key)];
    return place == 0 ? nullptr : &keys[place - 1];
}

KeptKeys::Change KeptKeys::put(LinkKey key, std::span<const std::int32_t> descriptors,
                               std::uint32_t most) noexcept {
    const std::uint32_t bucket = bucket_of(key);
    const bool is_new = index[bucket] == 0;
    const auto count = static_cast<std::uint16_t>(descriptors.size());
    const DescriptorList displaced = is_new ? DescriptorList() : keys[index[bucket] - 1U].list();
    const auto freed = static_cast<std::uint32_t>(displaced.size());
    if (count == 0 || count > kMaxLinkDescriptors || (is_new && key_count == kMost) ||
        descriptor_count - freed + count > most) {
        return {};
    }
    KeptKey& kept = keys[is_new ? key_count : index[bucket] - 1U];
    kept.kind = key.kind;
    kept.id = key.id;
    std::copy(descriptors.begin(), descriptors.end(), kept.descriptors.begin());
    kept.count = count;
    if (is_new) {
        index[bucket] = static_cast<std::uint16_t>(++key_count);
    }
    descriptor_count = descriptor_count - freed + count;
    return {true, displaced};
}

DescriptorList KeptKeys::take(LinkKey key) noexcept {
    const std::uint32_t bucket = bucket_of(key);
    if (index[bucket] == 0) {
        return {};
    }
    const std::uint32_t place = index[bucket] - 1U;
    const DescriptorList taken = keys[place].list();
    empty_bucket(bucket);
    // The last one takes its place.
    const std::uint32_t last = key_count - 1;
    if (place != last) {
        index[bucket_of(keys[last].key())] = static_cast<std::uint16_t>(place + 1);
        keys[place] = keys[last];
    }
    key_count = last;
    keys[last] = {};
    descriptor_count -= static_cast<std::uint32_t>(taken.size());
    return taken;
}

/// Moves up what would not be found any more behind the gap.
void KeptKeys::empty_bucket(std::uint32_t bucket) noexcept {
    std::uint32_t gap = bucket;
    for (std::uint32_t next = after(gap); index[next] != 0; next = after(next)) {
        const std::uint32_t home = home_of(keys[index[next] - 1U].key());
        if (distance(home, next) >= distance(gap, next)) {
            index[gap] = index[next];
            gap = next;
        }
    }
    index[gap] = 0;
}

}  // namespace mainstay::init
