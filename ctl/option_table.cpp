#include "ctl/option_table.h"

#include <array>

namespace mainstay::ctl {
namespace {

constexpr std::array kOptions{
    OptionRow{Option::Control, "--control", "", "SOCKET",
              "the supervisor's socket; else SVCTL_SOCKET, /run/mainstay/control, or for a user\n"
              "that is not root $XDG_RUNTIME_DIR/mainstay/control"},
    OptionRow{Option::Json, "--json", "", "", "one JSON object a line, for programs"},
    OptionRow{Option::Timeout, "--timeout", "", "TIME",
              "wait no longer than TIME: 5, 500ms, 2min, 1h, infinity"},
    OptionRow{Option::Help, "--help", "-h", "", "explain svctl, or the command"},
    OptionRow{Option::Version, "--version", "", "", "print the version of svctl itself"},
    OptionRow{Option::NoWait, "--no-wait", "", "",
              "do not wait until services have started or stopped"},
    OptionRow{Option::Follow, "--follow", "-f", "", "print what comes as well"},
    OptionRow{Option::Lines, "--lines", "-n", "N", "the newest N lines of each; else 10"},
    OptionRow{Option::Up, "--up", "", "", "wait until they run, ready or not"},
    OptionRow{Option::Ready, "--ready", "", "", "wait until they are ready"},
    OptionRow{Option::Down, "--down", "", "", "wait until nothing of them runs"},
    OptionRow{Option::Boot, "--boot", "", "",
              "wait until the first start of every service has come to an end"},
    OptionRow{Option::Runtime, "--runtime", "", "", "only until the machine goes down"},
    OptionRow{Option::Root, "--root", "", "DIR", "of the system whose root is DIR"},
};

consteval bool has_options_in_order() noexcept {
    for (std::size_t i = 0; i < kOptions.size(); ++i) {
        if (kOptions[i].option != static_cast<Option>(i)) {
            return false;
        }
    }
    return true;
}
static_assert(has_options_in_order() && kOptions.back().option == Option::Root);

}  // namespace

std::span<const OptionRow> option_rows() noexcept {
    return kOptions;
}

const OptionRow& row_of(Option option) noexcept {
    return kOptions[static_cast<std::size_t>(option)];
}

}  // namespace mainstay::ctl
