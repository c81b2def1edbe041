/// PURE. What another image of PID 1, older or newer, has left of a KeeperState: memory that says
/// itself where things are in it and how large they are. Fields are appended to each part, never
/// moved or removed: whoever knows more finds zeros in an older one, whoever knows less ignores
/// what is behind.
///
/// Everything that is read is a copy, and lies within the memory. What it says may be nonsense.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace mainstay::init {

struct KeptKey;
struct KeptProcess;
struct LinkState;

/// In bytes, from the beginning of the state.
struct KeeperShape {
    std::uint32_t link_offset;
    std::uint32_t link_size;
    std::uint32_t talk_offset;  ///< of HandOver, its cursor and claim_value, each u32
    std::uint32_t key_count_offset;
    std::uint32_t keys_offset;
    std::uint32_t key_size;
    std::uint32_t used_offset;  ///< of the number of entries
    std::uint32_t entries_offset;
    std::uint32_t entry_size;
    std::uint32_t spare;
};

/// What every version begins with, for ever in this form.
struct KeeperHead {
    static constexpr std::uint32_t kMagic = 0x5045454b;  // "KEEP"

    std::uint32_t magic;
    std::uint32_t version;  ///< 1 had no shape, but the one that is known of it
    std::uint64_t size;
    std::uint32_t most_descriptors;
    std::int32_t table;  ///< descriptor of the state table, or -1
    KeeperShape shape;
};

class KeeperImage {
  public:
    /// @param memory borrowed
    /// @returns nothing for what no PID 1 has left
    static std::optional<KeeperImage> open(std::span<const std::byte> memory) noexcept;

    std::int32_t table() const noexcept { return head_.table; }
    LinkState link() const noexcept;
    std::uint32_t hand_over() const noexcept { return number_at(head_.shape.talk_offset); }
    std::uint32_t claim_value() const noexcept;

    std::uint32_t key_count() const noexcept;
    KeptKey key(std::uint32_t index) const noexcept;  ///< less than key_count()
    std::uint32_t entry_count() const noexcept;
    KeptProcess entry(std::uint32_t index) const noexcept;  ///< less than entry_count()

  private:
    KeeperImage(std::span<const std::byte> memory, const KeeperHead& head) noexcept
        : memory_(memory), head_(head) {}

    std::uint32_t number_at(std::size_t offset) const noexcept;
    template <typename Part>
    Part part_at(std::size_t offset, std::size_t size) const noexcept;

    std::span<const std::byte> memory_;
    KeeperHead head_;
};

}  // namespace mainstay::init
