/// PURE. How output has to look where it goes: width, colours, character set.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mainstay::ctl {

enum class Colours : std::uint8_t { Off, On };
enum class Charset : std::uint8_t { Ascii, Utf8 };

inline constexpr std::size_t kNoWidthLimit = 0;
inline constexpr std::size_t kDefaultWidth = 80;

struct Style {
    std::size_t width = kNoWidthLimit;  ///< columns; kNoWidthLimit where nothing is cut off
    Colours colours = Colours::Off;
    Charset charset = Charset::Ascii;

    friend bool operator==(const Style&, const Style&) = default;
};

/// What the surroundings say; strings are values of environment variables, empty where unset.
struct Surroundings {
    enum class Sink : std::uint8_t { Terminal, Other };

    Sink sink = Sink::Other;
    std::size_t terminal_columns = 0;  ///< as the terminal says; 0: it does not know
    std::string_view no_color;
    std::string_view term;
    std::string_view lc_all;
    std::string_view lc_ctype;
    std::string_view lang;
};

/// Colours only on a terminal that has them, unless NO_COLOR is set; UTF-8 only where the locale
/// says so; the width of the terminal, 80 where it says 0, no limit where it is none: a pipe gets
/// everything.
Style choose_style(const Surroundings& surroundings) noexcept;

enum class Colour : std::uint8_t { Red, Yellow, Green, Dim, Bold };

/// @p text in that colour, or as it is where there are no colours.
std::string coloured(std::string_view text, Colour colour, const Style& style);

}  // namespace mainstay::ctl
