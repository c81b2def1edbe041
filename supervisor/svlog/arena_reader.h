/// PURE. Reading an arena while another process writes to it, or has gone mad: never waits, never
/// gives bytes that were being written, and believes no number that it finds.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "supervisor/svlog/arena.h"

namespace mainstay::svlog {

/// Part of a stream.
struct Excerpt {
    std::string bytes;
    std::uint64_t next = 0;  ///< position behind the last of them
    std::uint64_t lost = 0;  ///< bytes between the position asked for and the first of them
};

/// The bytes of @p slot from position @p from on, the newest @p most of them where there are more.
/// Those that are not in memory any more are counted as lost. A position beyond the end gives
/// nothing, and stays.
Excerpt read_arena(const Arena& arena, std::uint32_t slot, std::uint64_t from, std::size_t most);

/// The next bytes of @p slot from position @p from on, as many as fit into @p target.
/// @returns nothing where some of them are not in memory any more
std::optional<std::string_view> read_next(const Arena& arena, std::uint32_t slot,
                                          std::uint64_t from, std::span<char> target) noexcept;

}  // namespace mainstay::svlog
