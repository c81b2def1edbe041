#include "ctl/commands.h"

#include "ctl/help.h"

namespace mainstay::ctl {

protocol::ExitCode run(const Invocation& invocation, Output& output) {
    Session session(invocation, output);
    switch (invocation.command) {
        case Command::Status:
            return run_status(session);
        case Command::List:
            return run_list(session);
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
            return run_act(session);
        case Command::Version:
            return run_version(session);
        case Command::Help:
            output.print(help_text(invocation.topic));
            return protocol::ExitCode::Done;
    }
    return protocol::ExitCode::Usage;
}

}  // namespace mainstay::ctl
