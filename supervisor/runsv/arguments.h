/// PURE. The command lines of runsv and runsvdir, as runit's programs read them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mainstay::supervisor::runsv {

struct DirCall {
    const char* directory = nullptr;
    char* log = nullptr;  ///< the word whose memory shows what was said last; null: there is none
    bool own_session = false;

    friend bool operator==(const DirCall&, const DirCall&) = default;
};

/// `[-P] DIR [LOG]`; what follows is ignored. A first word with a dash before anything but P or
/// another dash is DIR.
/// @param words without the program's name
/// @returns nothing where DIR is missing
std::optional<DirCall> parse_dir_call(std::span<char* const> words) noexcept;

/// @returns the directory; null where it is missing, or is not all
const char* parse_call(std::span<char* const> words) noexcept;

/// "usage: runsv dir\n\n"
std::string usage(std::string_view program, std::string_view arguments);

}  // namespace mainstay::supervisor::runsv
