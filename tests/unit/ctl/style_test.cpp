#include "ctl/style.h"

#include <catch2/catch.hpp>

using namespace mainstay::ctl;

namespace {

Surroundings terminal() {
    Surroundings surroundings;
    surroundings.sink = Surroundings::Sink::Terminal;
    surroundings.terminal_columns = 132;
    surroundings.term = "xterm";
    surroundings.lang = "en_US.UTF-8";
    return surroundings;
}

}  // namespace

TEST_CASE("a terminal has a width and colours, a pipe has neither", "[style]") {
    CHECK(choose_style(terminal()) == Style{132, Colours::On, Charset::Utf8});
    Surroundings pipe = terminal();
    pipe.sink = Surroundings::Sink::Other;
    CHECK(choose_style(pipe) == Style{kNoWidthLimit, Colours::Off, Charset::Utf8});
}

TEST_CASE("a terminal that does not know its width has 80 columns", "[style]") {
    Surroundings serial = terminal();
    serial.terminal_columns = 0;
    CHECK(choose_style(serial).width == 80);
}

TEST_CASE("no colours with NO_COLOR, TERM=dumb or no TERM", "[style]") {
    Surroundings surroundings = terminal();
    surroundings.no_color = "1";
    CHECK(choose_style(surroundings).colours == Colours::Off);
    surroundings = terminal();
    surroundings.term = "dumb";
    CHECK(choose_style(surroundings).colours == Colours::Off);
    surroundings.term = "";
    CHECK(choose_style(surroundings).colours == Colours::Off);
}

TEST_CASE("UTF-8 only where the locale that counts says so", "[style]") {
    struct Case {
        const char* lc_all;
        const char* lc_ctype;
        const char* lang;
        Charset charset;
    };
    const auto [lc_all, lc_ctype, lang, charset] = GENERATE(
        Case{"", "", "", Charset::Ascii}, Case{"", "", "C", Charset::Ascii},
        Case{"", "", "C.UTF-8", Charset::Utf8}, Case{"", "", "de_DE.utf8", Charset::Utf8},
        Case{"", "", "de_DE.UTF-8@euro", Charset::Utf8}, Case{"", "", "de_DE", Charset::Ascii},
        Case{"", "", "de_DE.ISO-8859-1", Charset::Ascii}, Case{"", "", "xx.UTF-80", Charset::Ascii},
        Case{"C", "", "C.UTF-8", Charset::Ascii}, Case{"", "C", "C.UTF-8", Charset::Ascii},
        Case{"C.UTF-8", "C", "C", Charset::Utf8});
    CAPTURE(lc_all, lc_ctype, lang);
    Surroundings surroundings;
    surroundings.lc_all = lc_all;
    surroundings.lc_ctype = lc_ctype;
    surroundings.lang = lang;
    CHECK(choose_style(surroundings).charset == charset);
}

TEST_CASE("text without colours is left as it is", "[style]") {
    Style style;
    CHECK(coloured("x", Colour::Red, style) == "x");
    style.colours = Colours::On;
    CHECK(coloured("x", Colour::Red, style) == "\x1b[31mx\x1b[0m");
    CHECK(coloured("", Colour::Red, style).empty());
}
