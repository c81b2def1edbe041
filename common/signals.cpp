#include "common/signals.h"

#include <array>
#include <charconv>
#include <csignal>

namespace mainstay {
namespace {

struct NamedSignal {
    int number;
    std::string_view name;
};

constexpr std::array kNamedSignals{
    NamedSignal{SIGHUP, "HUP"},   NamedSignal{SIGINT, "INT"},
    NamedSignal{SIGQUIT, "QUIT"}, NamedSignal{SIGILL, "ILL"},
    NamedSignal{SIGTRAP, "TRAP"}, NamedSignal{SIGABRT, "ABRT"},
    NamedSignal{SIGBUS, "BUS"},   NamedSignal{SIGFPE, "FPE"},
    NamedSignal{SIGKILL, "KILL"}, NamedSignal{SIGUSR1, "USR1"},
    NamedSignal{SIGSEGV, "SEGV"}, NamedSignal{SIGUSR2, "USR2"},
    NamedSignal{SIGPIPE, "PIPE"}, NamedSignal{SIGALRM, "ALRM"},
    NamedSignal{SIGTERM, "TERM"}, NamedSignal{SIGSTKFLT, "STKFLT"},
    NamedSignal{SIGCHLD, "CHLD"}, NamedSignal{SIGCONT, "CONT"},
    NamedSignal{SIGSTOP, "STOP"}, NamedSignal{SIGTSTP, "TSTP"},
    NamedSignal{SIGTTIN, "TTIN"}, NamedSignal{SIGTTOU, "TTOU"},
    NamedSignal{SIGURG, "URG"},   NamedSignal{SIGXCPU, "XCPU"},
    NamedSignal{SIGXFSZ, "XFSZ"}, NamedSignal{SIGVTALRM, "VTALRM"},
    NamedSignal{SIGPROF, "PROF"}, NamedSignal{SIGWINCH, "WINCH"},
    NamedSignal{SIGIO, "IO"},     NamedSignal{SIGPWR, "PWR"},
    NamedSignal{SIGSYS, "SYS"},
};

constexpr char upper(char c) noexcept {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool equal_ignoring_case(std::string_view text, std::string_view upper_name) noexcept {
    if (text.size() != upper_name.size()) {
        return false;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (upper(text[i]) != upper_name[i]) {
            return false;
        }
    }
    return true;
}

}  // namespace

std::string_view signal_name(int number) noexcept {
    for (const NamedSignal& named : kNamedSignals) {
        if (named.number == number) {
            return named.name;
        }
    }
    return {};
}

std::optional<int> parse_signal(std::string_view text) noexcept {
    int number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure == std::errc() && end == text.data() + text.size()) {
        return number >= 1 && number <= kSignalMax ? std::optional<int>(number) : std::nullopt;
    }
    if (text.size() > 3 && equal_ignoring_case({text.data(), 3}, "SIG")) {
        text.remove_prefix(3);
    }
    for (const NamedSignal& named : kNamedSignals) {
        if (equal_ignoring_case(text, named.name)) {
            return named.number;
        }
    }
    return std::nullopt;
}

}  // namespace mainstay
