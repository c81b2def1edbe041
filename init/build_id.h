/// PURE. Which build a program is, as its linker noted in it (-Wl,--build-id; `readelf -n` shows
/// it): by that the very file is found that a fault's program counter belongs to. Read out of
/// memory that the kernel mapped with the program, so it allocates nothing and needs no file.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>

namespace mainstay::init {

/// A SHA-1, which is what the linker is asked for.
using BuildId = std::array<unsigned char, 20>;

/// @param notes what a PT_NOTE segment holds
/// @param alignment of the segment: notes in it begin at multiples of that
std::optional<BuildId> find_build_id(std::span<const std::byte> notes,
                                     std::size_t alignment) noexcept;

/// Of this program; zeros where it was linked without.
BuildId own_build_id() noexcept;

}  // namespace mainstay::init
