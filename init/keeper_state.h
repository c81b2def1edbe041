/// PURE. All that PID 1 keeps for the supervisor: descriptors under keys, the state table, adopted
/// processes and their exits, and how far the talk with the present supervisor has come. It decides
/// what is to be said next (docs/boot-link.md); init/keeper and init/supervisor_link do it.
///
/// It is one block without pointers in memory that outlives this image of PID 1. Whatever finds
/// such a block takes it over with restore(), which trusts nothing in it. Zeroed memory and begin()
/// make an empty one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>

#include "common/boot_link.h"
#include "init/keeper_image.h"
#include "init/kept_keys.h"
#include "init/kept_processes.h"

namespace mainstay::init {

/// A message to send, and what goes along.
struct Outgoing {
    LinkMessage message;
    DescriptorList descriptors;
    std::int32_t pidfd_of = 0;  ///< a pidfd of this process, instead of descriptors
};

/// The present link, from making it to its end.
struct LinkState {
    std::int32_t fd;             ///< -1: there is none
    std::uint32_t peer_version;  ///< 0: it has not said Hello
    std::uint32_t sent;          ///< the sequence of our last message
    std::uint32_t accepted;      ///< what our last Accepted said
    std::uint32_t heard;         ///< the sequence of its last message that we dealt with
    std::uint32_t at_work_on;    ///< the sequence of the one that we are dealing with, or 0
    std::uint32_t has_stopped;   ///< it said Stopped
    std::uint32_t owes_welcome;
    // A refusal that is to be sent; reason 0: none.
    std::uint32_t refused;
    std::uint32_t refused_reason;
    std::uint32_t refused_id;
    std::uint32_t refused_kind;
};

enum class HandOver : std::uint32_t { NotAsked, Begin, Table, Keys, Processes, Exits, End, Done };

struct KeeperState {
    /// Fields are appended to what is in here (keeper_image.h), and then this is raised, for
    /// people.
    static constexpr std::uint32_t kVersion = 2;

    // As KeeperHead has it.
    std::uint32_t magic;
    std::uint32_t version;
    std::uint64_t size;
    std::uint32_t most_descriptors;
    std::int32_t table;  ///< descriptor of the state table, or -1
    KeeperShape shape;

    LinkState link;
    HandOver hand_over;
    std::uint32_t cursor;       ///< of the hand-over, in keys or processes
    std::uint32_t claim_value;  ///< what the Claim said
    KeptKeys keys;
    KeptProcesses processes;

    /// Of zeroed memory.
    /// @param most_descriptors_at_all what the limit of PID 1's descriptors leaves room for
    void begin(std::uint32_t most_descriptors_at_all) noexcept;

    /// Takes over what another image has left, into an empty state.
    /// @param take says of a descriptor's number whether it is open and nobody else's so far
    template <typename Take>
    void restore(const KeeperImage& left, Take take) noexcept;

    /// A new link, to a supervisor that has not said anything.
    void begin_link(std::int32_t fd) noexcept;
    void end_link() noexcept { begin_link(-1); }

    /// What to say next; nothing where there is nothing, or nobody to say it to.
    std::optional<Outgoing> next() noexcept;
    /// What next() said last is on its way.
    void sent() noexcept;

    void claim(std::uint32_t value) noexcept;
    void refuse(const LinkMessage& message, std::uint32_t reason) noexcept;

    /// Where things are in one of this program's.
    static KeeperShape own_shape() noexcept;

    LinkGreeting greeting() const noexcept;
    bool is_empty() const noexcept;

  private:
    void restore_head(const KeeperImage& left) noexcept;
    std::optional<Outgoing> next_answer() noexcept;
    std::optional<Outgoing> next_of_hand_over() noexcept;
    Outgoing kept_message() const noexcept;
    Outgoing process_message(LinkType type, std::uint32_t index) const noexcept;
};

static_assert(std::is_trivially_copyable_v<KeeperState>);
static_assert(offsetof(KeeperState, table) == offsetof(KeeperHead, table) &&
              offsetof(KeeperState, shape) == offsetof(KeeperHead, shape));

template <typename Take>
void KeeperState::restore(const KeeperImage& left, Take take) noexcept {
    restore_head(left);
    link.fd = take(link.fd) ? link.fd : -1;
    table = take(left.table()) ? left.table() : -1;
    const std::uint32_t left_keys = left.key_count();
    for (std::uint32_t i = 0; i < left_keys; ++i) {
        const KeptKey key = left.key(i);
        // One that is there twice was being moved when the image ended: once is enough.
        const DescriptorList list = keys.find(key.key()) == nullptr ? key.list() : DescriptorList();
        DescriptorList open;
        for (const std::int32_t fd : list) {
            if (take(fd)) {
                (void)open.push_back(fd);
            }
        }
        (void)keys.put(key.key(), {open.data(), open.size()}, KeptKeys::kMostDescriptors);
    }
    const std::uint32_t left_entries = left.entry_count();
    for (std::uint32_t i = 0; i < left_entries; ++i) {
        processes.restore(left.entry(i));
    }
}

}  // namespace mainstay::init
