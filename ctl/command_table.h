/// PURE. The commands of svctl: one row each. A new command is an enumerator here, a row in
/// command_table.cpp and a case in commands.cpp; the compiler asks for the two latter.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "common/protocol.h"
#include "ctl/option_table.h"

namespace mainstay::ctl {

enum class Command : std::uint8_t {
    Status,
    List,
    Tree,
    Why,
    Deaths,
    Log,
    Events,
    Up,
    Down,
    Restart,
    TryRestart,
    Once,
    Reload,
    Reset,
    Pause,
    Cont,
    Hup,
    Alarm,
    Interrupt,
    Quit,
    Usr1,
    Usr2,
    Term,
    Kill,
    Signal,
    Wait,
    IsUp,
    IsReady,
    Check,
    Notify,
    Enable,
    Disable,
    Rescan,
    Add,
    Remove,
    Lint,
    Upgrade,
    Version,
    Help,
};

/// Under which heading the help shows a command.
enum class Group : std::uint8_t { Look, Act, Signals, Ask, Configure, System };

/// What may follow a command.
enum class Arguments : std::uint8_t {
    None,
    AnyServices,  ///< none means all
    Services,     ///< at least one
    OneService,
    GoalAndServices,    ///< at least one, but for the goal that is about all
    SignalAndServices,  ///< a signal, then at least one service
    Saying,             ///< a service, then `ready`, or `status` and a text
    NamesOrPath,        ///< names of definitions, or the path of one
    Path,               ///< of a service directory
    MaybeDirectory,
    MaybeCommand,  ///< at most the name of a command
};

/// Whether the answer comes when the services have arrived.
enum class Waits : std::uint8_t { No, Yes };

struct CommandRow {
    Command command = Command::Help;
    std::string_view name;
    std::string_view alias;  ///< a second name; may be empty
    Group group = Group::Look;
    Arguments arguments = Arguments::None;
    Waits waits = Waits::No;
    std::optional<protocol::Verb> verb;  ///< what the supervisor is asked; none: nothing
    int signal = 0;                      ///< Verb::Signal: which; 0 where an argument says it
    OptionSet options = 0;               ///< besides those of all commands
    std::string_view summary;            ///< one line without a full stop
    std::string_view details;            ///< the rest of `svctl help COMMAND`; may be empty
};

/// Whether the command takes the option.
bool takes(const CommandRow& row, Option option) noexcept;

/// Every command, in the order of the enum.
std::span<const CommandRow> command_rows() noexcept;

const CommandRow& row_of(Command command) noexcept;

/// What stands behind the command in a synopsis: "SERVICE...".
std::string_view argument_text(Arguments arguments) noexcept;

/// The command of that name, alias or unique beginning of either; else all that begin so, and none
/// when nothing does.
struct Lookup {
    std::optional<Command> command;
    std::vector<std::string_view> candidates;  ///< sorted names; more than one when ambiguous
};
Lookup find_command(std::string_view word);

/// The name or alias that a misspelt @p word most likely means; empty when none is near.
std::string_view nearest_command(std::string_view word);

}  // namespace mainstay::ctl
