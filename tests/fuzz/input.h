/// What the fuzzers share: how they look at their input, and how they complain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string_view>

namespace mainstay::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// Takes the part before the first NUL off @p rest: several texts in one input.
inline std::string_view take_part(std::string_view& rest) {
    const std::string_view part = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(part.size() < rest.size() ? part.size() + 1 : part.size());
    return part;
}

/// Ends the run when something does not hold that must.
inline void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

/// Whether @p part lies within @p whole, and does not merely look like it.
inline bool is_within(std::string_view part, std::string_view whole) {
    const std::less_equal<> not_after;
    return part.empty() || (not_after(whole.data(), part.data()) &&
                            not_after(part.data() + part.size(), whole.data() + whole.size()));
}

}  // namespace mainstay::fuzz
