#include "ctl/style.h"

#include <algorithm>
#include <array>

namespace mainstay::ctl {
namespace {

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Whether the name of a locale, such as "de_DE.UTF-8@euro", says UTF-8.
bool is_utf8_locale(std::string_view locale) noexcept {
    const std::size_t dot = locale.find('.');
    if (dot == std::string_view::npos) {
        return false;
    }
    std::string_view codeset = locale.substr(dot + 1);
    codeset = codeset.substr(0, codeset.find('@'));
    constexpr std::array<std::string_view, 2> kNames{"utf-8", "utf8"};
    return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view name) {
        return std::equal(codeset.begin(), codeset.end(), name.begin(), name.end(),
                          [](char a, char b) { return lower(a) == b; });
    });
}

/// Which variable counts: setlocale(3), the first that is set and not empty.
std::string_view effective_locale(const Surroundings& surroundings) noexcept {
    for (const std::string_view value :
         {surroundings.lc_all, surroundings.lc_ctype, surroundings.lang}) {
        if (!value.empty()) {
            return value;
        }
    }
    return {};
}

std::string_view sequence_of(Colour colour) noexcept {
    switch (colour) {
        case Colour::Red:
            return "\x1b[31m";
        case Colour::Yellow:
            return "\x1b[33m";
        case Colour::Green:
            return "\x1b[32m";
        case Colour::Dim:
            return "\x1b[2m";
        case Colour::Bold:
            return "\x1b[1m";
    }
    return {};
}

}  // namespace

Style choose_style(const Surroundings& surroundings) noexcept {
    Style style;
    style.charset = is_utf8_locale(effective_locale(surroundings)) ? Charset::Utf8 : Charset::Ascii;
    if (surroundings.sink != Surroundings::Sink::Terminal) {
        return style;
    }
    style.width =
        surroundings.terminal_columns == 0 ? kDefaultWidth : surroundings.terminal_columns;
    const bool has_colours =
        surroundings.no_color.empty() && !surroundings.term.empty() && surroundings.term != "dumb";
    style.colours = has_colours ? Colours::On : Colours::Off;
    return style;
}

std::string coloured(std::string_view text, Colour colour, const Style& style) {
    std::string result;
    if (style.colours == Colours::Off || text.empty()) {
        return result.append(text);
    }
    return result.append(sequence_of(colour)).append(text).append("\x1b[0m");
}

}  // namespace mainstay::ctl
