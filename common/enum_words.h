/// PURE. Reading an enum from its word, with to_string as the only table. Each to_string is a
/// switch without default, so a new enumerator without a word does not compile (-Wswitch-enum),
/// and answers "" for what is no enumerator.
#pragma once

#include <optional>
#include <string_view>
#include <type_traits>

namespace mainstay {

/// @tparam Enum has a fixed underlying type, counts from 0 without a gap, and has a to_string.
template <typename Enum>
std::optional<Enum> parse_enum(std::string_view word) noexcept {
    for (std::underlying_type_t<Enum> i = 0;; ++i) {
        const auto value = static_cast<Enum>(i);
        const std::string_view candidate = to_string(value);
        if (candidate.empty()) {
            return std::nullopt;
        }
        if (candidate == word) {
            return value;
        }
    }
}

}  // namespace mainstay
