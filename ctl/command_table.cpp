#include "ctl/command_table.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <limits>

#include "common/nearest.h"

namespace mainstay::ctl {
namespace {

using protocol::Verb;

constexpr std::string_view kNoDetails;

constexpr std::string_view kStatusDetails =
    "Without a service: a line for the system, every service, those in trouble first, and a line "
    "that\n"
    "counts them. With one: all that is known of it, its newest log lines, and a hint where "
    "something\n"
    "can be done about it. With several: a table.";
constexpr std::string_view kListDetails = "One name a line, sorted, and nothing else: for scripts.";
constexpr std::string_view kTreeDetails =
    "Each service above what it needs, with their states. What was shown above is not shown again; "
    "a\n"
    "service that needs itself by way of others is marked as a cycle.";
constexpr std::string_view kWhyDetails =
    "In sentences: what it waits for, what that waits for in turn, until when, and what to do.";
constexpr std::string_view kDeathsDetails =
    "The last 16 deaths of each service: when, how, and how long it had lived.";
constexpr std::string_view kLogDetails =
    "The newest lines of each service, or of all. @supervisor is the supervisor's own log, @init "
    "that\n"
    "of PID 1 as it is in the kernel's.";
constexpr std::string_view kEventsDetails =
    "One line for each change of a service's state, until it is interrupted.";
constexpr std::string_view kUpDetails =
    "Waits until each service is ready. One that is ready already is left alone.";
constexpr std::string_view kDownDetails =
    "Sends the stop signal, and KILL to what still runs after the service's stop timeout. Waits "
    "until\n"
    "each service is down.";
constexpr std::string_view kRestartDetails =
    "Stops each service that runs, starts it, and waits until it is ready.";
constexpr std::string_view kTryRestartDetails =
    "As restart, but a service that is down stays down.";
constexpr std::string_view kOnceDetails = "Like up, but a service that ends is not started again.";
constexpr std::string_view kReloadDetails =
    "By its exec-reload, or by a signal: HUP where the service does not name another one.";
constexpr std::string_view kResetDetails =
    "A failed service is down then, and its restarts are counted from zero.";
constexpr std::string_view kPauseDetails = "Sends STOP: it stands still until svctl cont.";
constexpr std::string_view kTermDetails =
    "Unlike down, this does not change what is wanted: a service that is wanted up comes back.";
constexpr std::string_view kSignalDetails =
    "SIGNAL is a name such as HUP or SIGHUP, or a number from 1 to 64. It goes to the main "
    "process.";
constexpr std::string_view kWaitDetails =
    "Until they are ready, or what the option says. It starts and stops nothing.";
constexpr std::string_view kIsUpDetails = "Prints nothing: exits with 0 if all are, else with 3.";
constexpr std::string_view kCheckDetails =
    "As sv check: waits until each is where it is wanted, and its check program agrees.";
constexpr std::string_view kNotifyDetails =
    "For scripts: tells the supervisor that the service is ready, reads its configuration again or "
    "is\n"
    "about to stop, or what to show as its status. A service's own user may.";
constexpr std::string_view kEnableDetails =
    "Makes a symlink in the directory that the supervisor scans, so that it is started now and at "
    "each\n"
    "boot. NAME is looked up in /etc/sv and /usr/lib/sv.";
constexpr std::string_view kDisableDetails =
    "Removes that symlink: the service is stopped and forgotten. Its definition stays.";
constexpr std::string_view kRescanDetails =
    "Reads the definitions again and shows what changed. Nothing is restarted: what runs goes on "
    "as it\n"
    "is until somebody restarts it.";
constexpr std::string_view kAddDetails = "Takes a service directory in until the supervisor ends.";
constexpr std::string_view kRemoveDetails =
    "Stops services and forgets them until the supervisor starts again.";
constexpr std::string_view kLintDetails =
    "Checks the service directories in DIR (/etc/service) and the inittab of a system, also one "
    "that\n"
    "is not running: nothing is asked of a supervisor.";
constexpr std::string_view kUpgradeDetails =
    "Puts the supervisor and svlog that are on disk now in the place of those that run. No service "
    "is\n"
    "touched. The new program is tested first; where it fails, also later, the one before it goes "
    "on.\n"
    "`telinit u` does the same to PID 1.";
constexpr std::string_view kVersionDetails =
    "`svctl --version` prints only its own, and asks nobody.";

constexpr OptionSet kNoOptions = 0;
constexpr OptionSet kRuntime = bit_of(Option::Runtime);
constexpr OptionSet kLogOptions = bit_of(Option::Follow) | bit_of(Option::Lines);
constexpr OptionSet kGoals =
    bit_of(Option::Up) | bit_of(Option::Ready) | bit_of(Option::Down) | bit_of(Option::Boot);

/// The row of a command that looks.
consteval CommandRow look_row(Command command, std::string_view name, Verb verb,
                              std::string_view summary, std::string_view details,
                              OptionSet options = kNoOptions) noexcept {
    return {command, name,    "",      Group::Look, Arguments::AnyServices, Waits::No, verb,
            0,       options, summary, details};
}

/// The row of a command that starts or stops.
consteval CommandRow act_row(Command command, std::string_view name, std::string_view alias,
                             Verb verb, std::string_view summary,
                             std::string_view details) noexcept {
    return {command,
            name,
            alias,
            Group::Act,
            Arguments::Services,
            Waits::Yes,
            verb,
            0,
            bit_of(Option::NoWait),
            summary,
            details};
}

/// The row of a command that is done when it is told.
consteval CommandRow told_row(Command command, std::string_view name, Verb verb,
                              std::string_view summary, std::string_view details) noexcept {
    return {command, name,       "",      Group::Act, Arguments::Services, Waits::No, verb,
            0,       kNoOptions, summary, details};
}

/// The row of a command that sends one signal.
consteval CommandRow signal_row(Command command, std::string_view name, int signal,
                                std::string_view summary,
                                std::string_view details = kNoDetails) noexcept {
    return {command,   name,         "",     Group::Signals, Arguments::Services,
            Waits::No, Verb::Signal, signal, kNoOptions,     summary,
            details};
}

/// The row of a command that asks or says something.
consteval CommandRow ask_row(Command command, std::string_view name, Arguments arguments, Verb verb,
                             std::string_view summary, std::string_view details) noexcept {
    return {command, name, "",         Group::Ask, arguments, Waits::No,
            verb,    0,    kNoOptions, summary,    details};
}

/// The row of a command that waits for what others do.
consteval CommandRow wait_row(Command command, std::string_view name, Arguments arguments,
                              Verb verb, OptionSet options, std::string_view summary,
                              std::string_view details) noexcept {
    return {command, name, "",      Group::Ask, arguments, Waits::Yes,
            verb,    0,    options, summary,    details};
}

/// The row of a command that configures.
consteval CommandRow configure_row(Command command, std::string_view name, Arguments arguments,
                                   Verb verb, OptionSet options, std::string_view summary,
                                   std::string_view details) noexcept {
    return {command, name, "",      Group::Configure, arguments, Waits::No,
            verb,    0,    options, summary,          details};
}

constexpr std::array kRows{
    look_row(Command::Status, "status", Verb::Status, "show the state of services", kStatusDetails),
    look_row(Command::List, "list", Verb::List, "print the names of services", kListDetails),
    look_row(Command::Tree, "tree", Verb::Status, "show what needs what", kTreeDetails),
    CommandRow{Command::Why, "why", "", Group::Look, Arguments::OneService, Waits::No, Verb::Status,
               0, kNoOptions, "explain why a service is in its state", kWhyDetails},
    look_row(Command::Deaths, "deaths", Verb::Deaths, "show how services died", kDeathsDetails),
    look_row(Command::Log, "log", Verb::Log, "print what services printed", kLogDetails,
             kLogOptions),
    look_row(Command::Events, "events", Verb::Events, "print what happens to services",
             kEventsDetails),
    act_row(Command::Up, "up", "start", Verb::Up, "start services and keep them up", kUpDetails),
    act_row(Command::Down, "down", "stop", Verb::Down, "stop services and keep them down",
            kDownDetails),
    act_row(Command::Restart, "restart", "", Verb::Restart, "stop services and start them again",
            kRestartDetails),
    act_row(Command::TryRestart, "try-restart", "", Verb::TryRestart, "restart those that are up",
            kTryRestartDetails),
    act_row(Command::Once, "once", "", Verb::Once, "start services for one run", kOnceDetails),
    told_row(Command::Reload, "reload", Verb::Reload, "let services read their configuration again",
             kReloadDetails),
    told_row(Command::Reset, "reset", Verb::Reset, "forget that services failed", kResetDetails),
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
               Waits::No, Verb::Signal, 0, kNoOptions, "send any signal", kSignalDetails},
    wait_row(Command::Wait, "wait", Arguments::GoalAndServices, Verb::Wait, kGoals,
             "wait until services are ready", kWaitDetails),
    ask_row(Command::IsUp, "is-up", Arguments::Services, Verb::IsUp,
            "tell by the exit code whether services run", kIsUpDetails),
    ask_row(Command::IsReady, "is-ready", Arguments::Services, Verb::IsReady,
            "tell by the exit code whether they are ready", kIsUpDetails),
    wait_row(Command::Check, "check", Arguments::Services, Verb::Check, kNoOptions,
             "wait until services are as wanted", kCheckDetails),
    ask_row(Command::Notify, "notify", Arguments::Saying, Verb::Notify, "speak for a service",
            kNotifyDetails),
    configure_row(Command::Enable, "enable", Arguments::NamesOrPath, Verb::Enable, kRuntime,
                  "start services now and at boot", kEnableDetails),
    configure_row(Command::Disable, "disable", Arguments::Services, Verb::Disable, kRuntime,
                  "stop services now and at boot", kDisableDetails),
    configure_row(Command::Rescan, "rescan", Arguments::None, Verb::Rescan, kNoOptions,
                  "read the definitions again", kRescanDetails),
    configure_row(Command::Add, "add", Arguments::Path, Verb::Add, kNoOptions,
                  "take in a service directory", kAddDetails),
    configure_row(Command::Remove, "remove", Arguments::Services, Verb::Remove, kNoOptions,
                  "stop services and forget them", kRemoveDetails),
    CommandRow{Command::Lint, "lint", "", Group::System, Arguments::MaybeDirectory, Waits::No,
               std::nullopt, 0, bit_of(Option::Root), "check definitions and inittab",
               kLintDetails},
    CommandRow{Command::Upgrade, "upgrade", "", Group::System, Arguments::None, Waits::Yes,
               Verb::Upgrade, 0, kNoOptions, "replace the supervisor by the program on disk",
               kUpgradeDetails},
    CommandRow{Command::Version, "version", "", Group::System, Arguments::None, Waits::No,
               Verb::Version, 0, kNoOptions, "print the versions of svctl and of the supervisor",
               kVersionDetails},
    CommandRow{Command::Help, "help", "", Group::System, Arguments::MaybeCommand, Waits::No,
               std::nullopt, 0, kNoOptions, "explain svctl, or one of its commands", kNoDetails},
};

constexpr OptionSet kOfAllCommands = bit_of(Option::Control) | bit_of(Option::Json) |
                                     bit_of(Option::Timeout) | bit_of(Option::Help) |
                                     bit_of(Option::Version);

/// Whether there is such an enumerator: a switch that does not compile when one is missing.
consteval bool is_command(Command command) noexcept {
    switch (command) {
        case Command::Status:
        case Command::List:
        case Command::Tree:
        case Command::Why:
        case Command::Deaths:
        case Command::Log:
        case Command::Events:
        case Command::Up:
        case Command::Down:
        case Command::Restart:
        case Command::TryRestart:
        case Command::Once:
        case Command::Reload:
        case Command::Reset:
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
        case Command::Wait:
        case Command::IsUp:
        case Command::IsReady:
        case Command::Check:
        case Command::Notify:
        case Command::Enable:
        case Command::Disable:
        case Command::Rescan:
        case Command::Add:
        case Command::Remove:
        case Command::Lint:
        case Command::Upgrade:
        case Command::Version:
        case Command::Help:
            return true;
    }
    return false;
}

/// Whether row i is that of enumerator i, for all that there are.
consteval bool has_a_row_for_each_command() noexcept {
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

bool takes(const CommandRow& row, Option option) noexcept {
    return ((row.options | kOfAllCommands) & bit_of(option)) != 0;
}

std::string_view argument_text(Arguments arguments) noexcept {
    switch (arguments) {
        case Arguments::None:
            return "";
        case Arguments::AnyServices:
            return "[SERVICE...]";
        case Arguments::Services:
            return "SERVICE...";
        case Arguments::OneService:
            return "SERVICE";
        case Arguments::GoalAndServices:
            return "[SERVICE...]";
        case Arguments::SignalAndServices:
            return "SIGNAL SERVICE...";
        case Arguments::Saying:
            return "SERVICE ready|status TEXT";
        case Arguments::NamesOrPath:
            return "NAME...|PATH";
        case Arguments::Path:
            return "PATH";
        case Arguments::MaybeDirectory:
            return "[DIR]";
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
