/// PURE. Numbers of users and groups from the texts of /etc/passwd and /etc/group: the library's
/// way to them would load more libraries.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mainstay::init {

/// @param name or a number, which stands for itself
/// @returns nothing where the table has no such name
std::optional<std::uint32_t> find_id(std::string_view table, std::string_view name) noexcept;

}  // namespace mainstay::init
