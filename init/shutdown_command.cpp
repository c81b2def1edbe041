#include "init/shutdown_command.h"

#include <getopt.h>

#include <algorithm>
#include <charconv>

#include "common/utf8.h"

namespace mainstay::init {
namespace {

using Ask = ShutdownCommand::Ask;

constexpr std::uint32_t kMostHours = 99'999;  // as sysvinit has it
constexpr char kWaysToWrite[] = "now, +MINUTES, +HOURS:MINUTES, or HH:MM by the clock";
/// getopt's last one is a long option.
constexpr char kLetters[] = ":acfhknqryFHPQg:i:t:";
constexpr option kWords[] = {{"help", no_argument, nullptr, '?' + 256}, {nullptr, 0, nullptr, 0}};

/// Nothing for what is no whole number, or more than @p most.
std::optional<std::uint32_t> number_in(std::string_view text, std::uint32_t most) noexcept {
    std::uint32_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_whole = failure == std::errc() && end == text.data() + text.size();
    return is_whole && number <= most ? std::optional(number) : std::nullopt;
}

int length(std::string_view text) noexcept {
    return static_cast<int>(std::min<std::size_t>(text.size(), 64));
}

class Reader {
  public:
    Reader(int argc, char** argv) noexcept : argc_(argc), argv_(argv) {}

    ShutdownCommand read() noexcept {
        ::optind = 0;  // from the beginning, whatever was read before
        ::opterr = 0;
        int found = 0;
        while (command_.ask != Ask::Complain && command_.ask != Ask::Help &&
               (found = ::getopt_long(argc_, argv_, kLetters, kWords, nullptr)) != -1) {
            take(found);
        }
        if (command_.ask == Ask::Shutdown) {
            check_options();
        }
        if (command_.ask == Ask::Shutdown) {
            take_time();
        }
        take_message();
        return command_;
    }

  private:
    [[gnu::format(printf, 2, 3)]] void complain(const char* format, ...) noexcept {
        command_.ask = Ask::Complain;
        va_list arguments;
        va_start(arguments, format);
        command_.complaint.append_format_v(format, arguments);
        va_end(arguments);
    }

    void take(int found) noexcept {
        switch (found) {
            case 'a':
                command_.needs_allowed_user = true;
                break;
            case 'c':
                command_.ask = Ask::Cancel;
                break;
            case 'f':
                command_.skips_fsck = true;
                break;
            case 'F':
                command_.forces_fsck = true;
                break;
            case 'k':
                command_.only_warns = true;
                break;
            case 'q':
                command_.quiet = Quiet::Some;
                break;
            case 'Q':
                command_.quiet = Quiet::Full;
                break;
            case 'y':
                break;  // of System V, where it answers the question whether one is sure
            default:
                take_goal(found);
                break;
        }
    }

    void take_goal(int found) noexcept {
        switch (found) {
            case 'h':
                goes_to_ = Request::PowerOff;
                break;
            case 'r':
                goes_to_ = Request::Reboot;
                break;
            case 'H':
                way_to_halt_ = Request::Halt;
                break;
            case 'P':
                way_to_halt_ = Request::PowerOff;
                break;
            case 'n':
                complain("-n: PID 1 takes the system down, in order; at once is reboot -f");
                break;
            case kWords[0].val:
                command_.ask = Ask::Help;
                break;
            default:
                take_with_argument(found);
                break;
        }
    }

    void take_with_argument(int found) noexcept {
        switch (found) {
            case 'g':
                time_ = ::optarg;
                break;
            case 'i':
                take_runlevel(::optarg);
                break;
            case 't':
                take_patience(::optarg);
                break;
            case ':':
                complain("-%c needs an argument", ::optopt);
                break;
            default:
                complain_of_option();
                break;
        }
    }

    void complain_of_option() noexcept {
        if (::optopt != 0) {
            complain("there is no option -%c", ::optopt);
        } else {
            const std::string_view word = argv_[::optind - 1];
            complain("there is no option %.*s", length(word), word.data());
        }
    }

    void take_runlevel(std::string_view level) noexcept {
        if (level == "0") {
            goes_to_ = Request::PowerOff;
        } else if (level == "6") {
            goes_to_ = Request::Reboot;
        } else {
            complain("-i %.*s: shutdown goes to 0 and 6; for another runlevel there is telinit",
                     length(level), level.data());
        }
    }

    void take_patience(std::string_view seconds) noexcept {
        const auto number = number_in(seconds, kMostPatienceSeconds);
        if (!number) {
            complain("-t %.*s: not a number of seconds from 0 to %d", length(seconds),
                     seconds.data(), kMostPatienceSeconds);
            return;
        }
        command_.patience_seconds = std::max(*number, 1U);
    }

    void check_options() noexcept {
        if (goes_to_ == Request::Reboot && way_to_halt_ != Request::None) {
            complain("-%c says how to halt, but this is to be a reboot: leave it out, or -r",
                     way_to_halt_ == Request::Halt ? 'H' : 'P');
            return;
        }
        command_.request = way_to_halt_ != Request::None ? way_to_halt_ : goes_to_;
    }

    void take_time() noexcept {
        if (time_ == nullptr && ::optind < argc_) {
            time_ = argv_[::optind++];
        }
        if (time_ == nullptr) {
            complain("there is no time: %s", kWaysToWrite);
            return;
        }
        std::string_view text = time_;
        if (text == "now") {
            return;
        }
        const bool is_distance = text.substr(0, 1) == "+";
        text.remove_prefix(is_distance ? 1 : 0);
        const std::size_t colon = text.find(':');
        if (colon == std::string_view::npos) {
            take_minutes(text);
        } else {
            take_hours(text.substr(0, colon), text.substr(colon + 1), is_distance);
        }
    }

    void take_minutes(std::string_view minutes) noexcept {
        constexpr std::uint32_t kMost = kMostHours * kMinutesOfHour;
        const auto number = number_in(minutes, kMost);
        if (!number) {
            complain("time '%.*s': not a number of minutes from 0 to %u; write %s", length(time_),
                     time_, kMost, kWaysToWrite);
            return;
        }
        command_.time.minutes = *number;
    }

    void take_hours(std::string_view hours, std::string_view minutes, bool is_distance) noexcept {
        const std::uint32_t most = is_distance ? kMostHours : 23;
        const auto hour = number_in(hours, most);
        const auto minute = number_in(minutes, 59);
        if (!hour) {
            complain("time '%.*s': '%.*s' is not an hour from 0 to %u; write %s", length(time_),
                     time_, length(hours), hours.data(), most, kWaysToWrite);
        } else if (!minute || minutes.size() > 2) {
            complain("time '%.*s': '%.*s' is not a minute from 0 to 59; write %s", length(time_),
                     time_, length(minutes), minutes.data(), kWaysToWrite);
        } else {
            command_.time.kind = is_distance ? ShutdownTime::Kind::After : ShutdownTime::Kind::At;
            command_.time.minutes = *hour * kMinutesOfHour + *minute;
        }
    }

    void take_message() noexcept {
        for (int i = ::optind; i < argc_; ++i) {
            command_.message.append(i == ::optind ? "" : " ").append(argv_[i]);
        }
    }

    int argc_;
    char** argv_;
    const char* time_ = nullptr;
    Request goes_to_ = Request::PowerOff;
    Request way_to_halt_ = Request::None;
    ShutdownCommand command_;
};

bool is_printable(char32_t code) noexcept {
    return code >= 0x20 && code != 0x7f && (code < 0x80 || code > 0x9f);
}

}  // namespace

ShutdownCommand read_shutdown_command(int argc, char** argv) noexcept {
    return Reader(argc, argv).read();
}

std::string_view shutdown_noun(Request request) noexcept {
    switch (request) {
        case Request::Halt:
            return "halt";
        case Request::Reboot:
            return "reboot";
        case Request::None:
        case Request::Restart:
        case Request::Kexec:
        case Request::PowerOff:
            return "power-off";
    }
    return "power-off";
}

void append_for_terminal(WallText& out, std::string_view text) noexcept {
    while (!text.empty()) {
        const Utf8Character character = first_character(text);
        if (character.code == '\n') {
            out.append("\r\n");
        } else if (character.code == '\t') {
            out.append(" ");
        } else if (character.is_valid() && is_printable(character.code)) {
            out.append(text.substr(0, character.size));
        } else {
            out.append("?");
        }
        text.remove_prefix(character.size);
    }
}

WallText shutdown_warning(const ShutdownCommand& command, std::uint32_t minutes) noexcept {
    WallText text;
    if (!command.message.empty()) {
        append_for_terminal(text, command.message);
        text.append("\r\n");
    }
    text.append("The system is going down for ").append(shutdown_noun(command.request));
    if (minutes == 0) {
        text.append(" NOW!\r\n");
    } else {
        text.append_format(" in %u minute%s!\r\n", minutes, minutes == 1 ? "" : "s");
    }
    return text;
}

}  // namespace mainstay::init
