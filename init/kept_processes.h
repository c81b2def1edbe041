/// PURE. The processes that PID 1 has adopted of a supervisor that died, and the exits of them that
/// no supervisor has recorded yet. In place and free of pointers, for memory that outlives this
/// image of PID 1. Zeroed memory is an empty one.
///
/// Entries never move: a process that ends becomes an exit where it stands, so no exit is ever lost
/// for want of room.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "common/boot_link.h"

namespace mainstay::init {

enum class Fate : std::uint32_t {
    None,  ///< the entry is free
    Lives,
    Ended,  ///< and the present supervisor has not been told
    Told,   ///< and it has been, but has not said that it recorded it
};

struct KeptProcess {
    Fate fate;
    std::uint32_t exit_number;  ///< once it has ended; never 0
    std::int32_t pid;
    std::int32_t wait_status;
    std::uint32_t slot;
    std::uint32_t role;
    std::uint32_t service;
    std::uint32_t generation;

    LinkProcess process() const noexcept;
};

struct KeptProcesses {
    static constexpr std::uint32_t kMost = 32768;

    std::uint32_t used;  ///< entries from here on are free
    std::uint32_t living;
    std::uint32_t ended;      ///< Ended or Told
    std::uint32_t untold;     ///< Ended
    std::uint32_t last_exit;  ///< counts exits
    std::uint32_t search;     ///< where the last search ended: the next one begins there
    std::array<KeptProcess, kMost> entries;

    /// @p process lives, says a table. One that is adopted already is known by its new names from
    /// now on; one whose exit is kept has ended all the same, whoever has its number by now.
    /// @returns false where there is no room
    bool adopt(const LinkProcess& process) noexcept;

    /// @returns false for a process that was not adopted
    bool ended_with(std::int32_t pid, std::int32_t wait_status) noexcept;

    /// @returns false for a number that no exit has
    bool recorded(std::uint32_t exit_number) noexcept;

    /// Every exit is to be told once more: to another supervisor.
    void tell_again() noexcept;

    /// An exit that is to be told.
    std::optional<std::uint32_t> next_untold() noexcept;
    void told(std::uint32_t index) noexcept;

    /// The first entry from @p index on that lives; kMost if there is none.
    std::uint32_t next_living(std::uint32_t index) const noexcept;

    /// Takes over an entry of a former image, if it can be true.
    void restore(const KeptProcess& entry) noexcept;

  private:
    template <typename Wanted>
    std::optional<std::uint32_t> find(Wanted wanted) noexcept;
    std::optional<std::uint32_t> find_free() noexcept;
    bool has_exit_of(const LinkProcess& process) noexcept;
    std::optional<std::uint32_t> find_living(std::int32_t pid) noexcept;
};

static_assert(std::is_trivially_copyable_v<KeptProcesses>);

}  // namespace mainstay::init
