#include "ctl/sv_command.h"

#include <algorithm>
#include <array>

namespace mainstay::ctl {
namespace {

enum class WordWaits : std::uint8_t { No, Yes, AndKills };

struct Word {
    std::string_view word;  ///< the whole of it
    std::string_view letters;
    WordWaits waits;
};

/// Of these all letters count; of the others the first one.
constexpr std::array kWords{
    Word{"start", "u", WordWaits::Yes},
    Word{"stop", "d", WordWaits::Yes},
    Word{"reload", "h", WordWaits::Yes},
    Word{"restart", "tcu", WordWaits::Yes},
    Word{"shutdown", "x", WordWaits::Yes},
    Word{"try-restart", "tc", WordWaits::Yes},
    Word{"force-stop", "d", WordWaits::AndKills},
    Word{"force-reload", "tc", WordWaits::AndKills},
    Word{"force-restart", "tcu", WordWaits::AndKills},
    Word{"force-shutdown", "x", WordWaits::AndKills},
};

constexpr std::string_view kPlainLetters = "udopchaiktq12";

}  // namespace

std::optional<SvCommand> parse_sv_command(std::string_view word, SvCaller caller, bool verbose) {
    using Kind = SvCommand::Kind;
    const auto* const known = std::find_if(kWords.begin(), kWords.end(),
                                           [&](const Word& entry) { return entry.word == word; });
    if (known != kWords.end()) {
        return SvCommand{Kind::Send, std::string(known->letters), true,
                         known->waits == WordWaits::AndKills};
    }
    if (word == "check") {
        return SvCommand{Kind::CheckOnly, "C", true, false};
    }
    const char letter = word.empty() ? '\0' : word.front();
    switch (letter) {
        case 'x':
        case 'e':
            return SvCommand{Kind::Send, "x", verbose, false};
        case 'X':
        case 'E':
            return SvCommand{Kind::Send, "x", true, true};
        case 'D':
            return SvCommand{Kind::Send, "d", true, true};
        case 'T':
            return SvCommand{Kind::Send, "tc", true, true};
        case 's':
            if (caller == SvCaller::InitScript && word != "status") {
                return std::nullopt;
            }
            return SvCommand{Kind::Show, "s", false, false};
        default:
            break;
    }
    if (letter == '\0' || kPlainLetters.find(letter) == std::string_view::npos) {
        return std::nullopt;
    }
    return SvCommand{Kind::Send, std::string(1, letter), verbose, false};
}

std::string sv_status_text(const RunitStatus& status, std::string_view name, Normally normally,
                           std::uint64_t now) {
    const bool has_pid = status.pid != 0;
    std::string text = status.state == RunitState::Run      ? "run: "
                       : status.state == RunitState::Finish ? "finish: "
                                                            : "down: ";
    text.append(name).append(": ");
    if (status.state != RunitState::Down) {
        text += "(pid " + std::to_string(status.pid) + ") ";
    }
    text += std::to_string(now < status.seconds ? 0 : now - status.seconds) + "s";
    text += has_pid && normally == Normally::Down ? ", normally down" : "";
    text += !has_pid && normally == Normally::Up ? ", normally up" : "";
    text += has_pid && status.paused ? ", paused" : "";
    text += !has_pid && status.want == RunitWant::Up ? ", want up" : "";
    text += has_pid && status.want != RunitWant::Up ? ", want down" : "";
    text += has_pid && status.got_term ? ", got TERM" : "";
    return text;
}

SvProgress sv_progress(char letter, const RunitStatus& status, std::uint64_t asked_at) noexcept {
    const bool has_pid = status.pid != 0;
    const bool is_wanted = status.want == RunitWant::Up;
    const auto done_if = [](bool is_done) {
        return is_done ? SvProgress::Done : SvProgress::NotYet;
    };
    switch (letter) {
        case 'x':
            return SvProgress::NotYet;  // done when nobody answers any more
        case 'u':
            return has_pid && status.state == RunitState::Run ? SvProgress::IfChecked
                                                              : SvProgress::NotYet;
        case 'd':
            return done_if(!has_pid && status.state == RunitState::Down);
        case 'C':
            return has_pid ? SvProgress::IfChecked : SvProgress::Done;
        case 't':
        case 'k':
            if (!has_pid && !is_wanted) {
                return SvProgress::Done;
            }
            return asked_at > status.seconds || !has_pid || status.got_term ? SvProgress::NotYet
                                                                            : SvProgress::IfChecked;
        case 'o':
            return done_if((has_pid || asked_at <= status.seconds) && (!has_pid || !is_wanted));
        case 'p':
            return done_if(!has_pid || status.paused);
        case 'c':
            return done_if(!has_pid || !status.paused);
        default:
            return SvProgress::Done;
    }
}

bool is_needless(const std::string& letters, const RunitStatus& status) noexcept {
    const char first = letters.front();
    // Once, and not told to end: a down means something yet.
    return (first == 'u' && status.want == RunitWant::Up) ||
           (first == 'd' && status.want != RunitWant::Up && status.got_term);
}

}  // namespace mainstay::ctl
