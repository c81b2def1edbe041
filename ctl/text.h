/// PURE. Text of others (names, log lines, paths) made fit for a terminal, and cut to columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/style.h"

namespace mainstay::ctl {

/// Makes visible what a terminal would obey or hide: control characters, bytes that are not UTF-8,
/// and characters that reorder or hide text become \xNN or \u{NNNN}; a tab becomes a blank. In
/// ASCII everything beyond it does.
std::string visible(std::string_view bytes, Charset charset);

/// Columns that @p text takes, which visible() made: wide characters take two, combining ones none.
std::size_t columns(std::string_view text) noexcept;

/// Cuts @p text, which visible() made, to @p width columns; where something is missing, the end
/// says so ("…", in ASCII "~"). kNoWidthLimit cuts nothing.
std::string fit(std::string_view text, std::size_t width, Charset charset);

/// Parts @p text, which visible() made, at blanks into lines of at most @p width columns. A word
/// that is wider has a line of its own, whole: a path must be there to be copied. kNoWidthLimit
/// parts nothing.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

/// Adds blanks up to @p width columns.
std::string pad(std::string_view text, std::size_t width);

/// "512 B", "12.3 KiB", "4.0 GiB".
std::string size_text(std::uint64_t bytes);

}  // namespace mainstay::ctl
