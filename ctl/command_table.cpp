#include "ctl/command_table.h"

#include <algorithm>
#include <csignal>

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

/// The row of a command that sends one signal.
constexpr CommandRow signal_row(std::string_view name, int signal, std::string_view summary,
                                std::string_view details = kNoDetails) noexcept {
    return {name,   "",      Group::Signals, Arguments::Services, Waits::No, Verb::Signal,
            signal, summary, details};
}

/// The row of a command that starts or stops.
constexpr CommandRow act_row(std::string_view name, std::string_view alias, Verb verb,
                             std::string_view summary, std::string_view details) noexcept {
    return {name, alias, Group::Act, Arguments::Services, Waits::Yes, verb, 0, summary, details};
}

}  // namespace

CommandRow row_of(Command command) noexcept {
    switch (command) {
        case Command::Status:
            return {"status",      "",           Group::Look, Arguments::AnyServices,
                    Waits::No,     Verb::Status, 0,           "show the state of services",
                    kStatusDetails};
        case Command::List:
            return {"list",      "",         Group::Look, Arguments::AnyServices,
                    Waits::No,   Verb::List, 0,           "print the names of services",
                    kListDetails};
        case Command::Up:
            return act_row("up", "start", Verb::Up, "start services and keep them up", kUpDetails);
        case Command::Down:
            return act_row("down", "stop", Verb::Down, "stop services and keep them down",
                           kDownDetails);
        case Command::Restart:
            return act_row("restart", "", Verb::Restart, "stop services and start them again",
                           kRestartDetails);
        case Command::Once:
            return act_row("once", "", Verb::Once, "start services for one run", kOnceDetails);
        case Command::Pause:
            return signal_row("pause", SIGSTOP, "send STOP", kPauseDetails);
        case Command::Cont:
            return signal_row("cont", SIGCONT, "send CONT");
        case Command::Hup:
            return signal_row("hup", SIGHUP, "send HUP");
        case Command::Alarm:
            return signal_row("alarm", SIGALRM, "send ALRM");
        case Command::Interrupt:
            return signal_row("interrupt", SIGINT, "send INT");
        case Command::Quit:
            return signal_row("quit", SIGQUIT, "send QUIT");
        case Command::Usr1:
            return signal_row("usr1", SIGUSR1, "send USR1");
        case Command::Usr2:
            return signal_row("usr2", SIGUSR2, "send USR2");
        case Command::Term:
            return signal_row("term", SIGTERM, "send TERM", kTermDetails);
        case Command::Kill:
            return signal_row("kill", SIGKILL, "send KILL", kTermDetails);
        case Command::Signal:
            return {"signal",
                    "",
                    Group::Signals,
                    Arguments::SignalAndServices,
                    Waits::No,
                    Verb::Signal,
                    0,
                    "send any signal",
                    kSignalDetails};
        case Command::Version:
            return {"version",
                    "",
                    Group::System,
                    Arguments::None,
                    Waits::No,
                    Verb::Version,
                    0,
                    "print the versions of svctl and of the supervisor",
                    kVersionDetails};
        case Command::Help:
            return {"help",
                    "",
                    Group::System,
                    Arguments::MaybeCommand,
                    Waits::No,
                    std::nullopt,
                    0,
                    "explain svctl, or one of its commands",
                    kNoDetails};
    }
    return {};
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

std::vector<Command> all_commands() {
    std::vector<Command> commands;
    for (std::uint8_t i = 0; !row_of(static_cast<Command>(i)).name.empty(); ++i) {
        commands.push_back(static_cast<Command>(i));
    }
    return commands;
}

Lookup find_command(std::string_view word) {
    Lookup lookup;
    for (const Command command : all_commands()) {
        const CommandRow row = row_of(command);
        if (word == row.name || (!row.alias.empty() && word == row.alias)) {
            return {command, {row.name}};
        }
        for (const std::string_view name : {row.name, row.alias}) {
            if (!word.empty() && name.starts_with(word)) {
                lookup.command = command;
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
    for (const Command command : all_commands()) {
        const CommandRow row = row_of(command);
        names.push_back(row.name);
        if (!row.alias.empty()) {
            names.push_back(row.alias);
        }
    }
    return nearest_word(word, names);
}

}  // namespace mainstay::ctl
