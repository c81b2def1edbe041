#include "ctl/command_table.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <limits>

#include "ctl/nearest.h"

namespace mainstay::ctl {
namespace {

using protocol::Verb;

constexpr std::string_view kNoDetails;

constexpr std::string_view kStatusDetails =
    "Without a service: every service, those in trouble first, and a line that counts them.\n"
    "With one: all that is known of it, its newest log lines included. With several: a table.";
constexpr std::string_view kListDetails = "One name a line, sorted, and nothing else: for scripts.";
constexpr std::string_view kUpDetails =
    "Waits until each service is ready. One that is ready already is left alone.";
constexpr std::string_view kDownDetails =
    "Sends TERM and CONT, and KILL to what still runs after the service's stop timeout. Waits "
    "until\n"
    "each service is down.";
constexpr std::string_view kRestartDetails =
    "Stops each service that runs, starts it, and waits until it is ready.";
constexpr std::string_view kOnceDetails = "Like up, but a service that ends is not started again.";
constexpr std::string_view kPauseDetails = "Sends STOP: it stands still until svctl cont.";
constexpr std::string_view kTermDetails =
    "Unlike down, this does not change what is wanted: a service that is wanted up comes back.";
constexpr std::string_view kSignalDetails =
    "SIGNAL is a name such as HUP or SIGHUP, or a number from 1 to 64. It goes to the main "
    "process.";
constexpr std::string_view kVersionDetails =
    "`svctl --version` prints only its own, and asks nobody.";

/// The row of a command that looks.
constexpr CommandRow look_row(Command command, std::string_view name, Verb verb,
                              std::string_view summary, std::string_view details) noexcept {
    return {command,   name, "", Group::Look, Arguments::AnyServices,
            Waits::No, verb, 0,  summary,     details};
}

/// The row of a command that starts or stops.
constexpr CommandRow act_row(Command command, std::string_view name, std::string_view alias,
                             Verb verb, std::string_view summary,
                             std::string_view details) noexcept {
    return {command,    name, alias, Group::Act, Arguments::Services,
            Waits::Yes, verb, 0,     summary,    details};
}

/// The row of a command that sends one signal.
constexpr CommandRow signal_row(Command command, std::string_view name, int signal,
                                std::string_view summary,
                                std::string_view details = kNoDetails) noexcept {
    return {command,   name,         "",     Group::Signals, Arguments::Services,
            Waits::No, Verb::Signal, signal, summary,        details};
}

constexpr std::array kRows{
    look_row(Command::Status, "status", Verb::Status, "show the state of services", kStatusDetails),
    look_row(Command::List, "list", Verb::List, "print the names of services", kListDetails),
    act_row(Command::Up, "up", "start", Verb::Up, "start services and keep them up", kUpDetails),
    act_row(Command::Down, "down", "stop", Verb::Down, "stop services and keep them down",
            kDownDetails),
    act_row(Command::Restart, "restart", "", Verb::Restart, "stop services and start them again",
            kRestartDetails),
    act_row(Command::Once, "once", "", Verb::Once, "start services for one run", kOnceDetails),
    signal_row(Command::Pause, "pause", SIGSTOP, "send STOP", kPauseDetails),
    signal_row(Command::Cont, "cont", SIGCONT, "send CONT"),
    signal_row(Command::Hup, "hup", SIGHUP, "send HUP"),
    signal_row(Command::Alarm, "alarm", SIGALRM, "send ALRM"),
    signal_row(Command::Interrupt, "interrupt", SIGINT, "send INT"),
    signal_row(Command::Quit, "quit", SIGQUIT, "send QUIT"),
    signal_row(Command::Usr1, "usr1", SIGUSR1, "send USR1"),
    signal_row(Command::Usr2, "usr2", SIGUSR2, "send USR2"),
    signal_row(Command::Term, "term", SIGTERM, "send TERM", kTermDetails),
    signal_row(Command::Kill, "kill", SIGKILL, "send KILL", kTermDetails),
    CommandRow{Command::Signal, "signal", "", Group::Signals, Arguments::SignalAndServices,
               Waits::No, Verb::Signal, 0, "send any signal", kSignalDetails},
    CommandRow{Command::Version, "version", "", Group::System, Arguments::None, Waits::No,
               Verb::Version, 0, "print the versions of svctl and of the supervisor",
               kVersionDetails},
    CommandRow{Command::Help, "help", "", Group::System, Arguments::MaybeCommand, Waits::No,
               std::nullopt, 0, "explain svctl, or one of its commands", kNoDetails},
};

/// Whether there is such an enumerator: a switch that does not compile when one is missing.
constexpr bool is_command(Command command) noexcept {
    switch (command) {
        case Command::Status:
        case Command::List:
        case Command::Up:
        case Command::Down:
        case Command::Restart:
        case Command::Once:
        case Command::Pause:
        case Command::Cont:
        case Command::Hup:
        case Command::Alarm:
        case Command::Interrupt:
        case Command::Quit:
        case Command::Usr1:
        case Command::Usr2:
        case Command::Term:
        case Command::Kill:
        case Command::Signal:
        case Command::Version:
        case Command::Help:
            return true;
    }
    return false;
}

/// Whether row i is that of enumerator i, for all that there are.
constexpr bool has_a_row_for_each_command() noexcept {
    for (std::size_t i = 0; i <= std::numeric_limits<std::uint8_t>::max(); ++i) {
        const auto command = static_cast<Command>(i);
        const bool has_row = i < kRows.size() && kRows[i].command == command;
        if (has_row != is_command(command)) {
            return false;
        }
    }
    return true;
}
static_assert(has_a_row_for_each_command());

}  // namespace

std::span<const CommandRow> command_rows() noexcept {
    return kRows;
}

const CommandRow& row_of(Command command) noexcept {
    return kRows[static_cast<std::size_t>(command)];
}

std::string_view to_string(Group group) noexcept {
    switch (group) {
        case Group::Look:
            return "look";
        case Group::Act:
            return "act";
        case Group::Signals:
            return "signals";
        case Group::System:
            return "system";
    }
    return {};
}

std::string_view argument_text(Arguments arguments) noexcept {
    switch (arguments) {
        case Arguments::None:
            return "";
        case Arguments::AnyServices:
            return "[SERVICE...]";
        case Arguments::Services:
            return "SERVICE...";
        case Arguments::SignalAndServices:
            return "SIGNAL SERVICE...";
        case Arguments::MaybeCommand:
            return "[COMMAND]";
    }
    return {};
}

Lookup find_command(std::string_view word) {
    Lookup lookup;
    for (const CommandRow& row : kRows) {
        if (word == row.name || (!row.alias.empty() && word == row.alias)) {
            return {row.command, {row.name}};
        }
        for (const std::string_view name : {row.name, row.alias}) {
            if (!word.empty() && name.starts_with(word)) {
                lookup.command = row.command;
                lookup.candidates.push_back(name);
            }
        }
    }
    if (lookup.candidates.size() != 1) {
        lookup.command = std::nullopt;
        std::sort(lookup.candidates.begin(), lookup.candidates.end());
    }
    return lookup;
}

std::string_view nearest_command(std::string_view word) {
    std::vector<std::string_view> names;
    for (const CommandRow& row : kRows) {
        names.push_back(row.name);
        if (!row.alias.empty()) {
            names.push_back(row.alias);
        }
    }
    return nearest_word(word, names);
}

}  // namespace mainstay::ctl
