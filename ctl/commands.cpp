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
        case Command::Tree:
            return run_tree(session);
        case Command::Why:
            return run_why(session);
        case Command::Deaths:
            return run_deaths(session);
        case Command::Log:
            return run_log(session);
        case Command::Events:
            return run_events(session);
        case Command::Enable:
        case Command::Disable:
        case Command::Rescan:
        case Command::Add:
        case Command::Remove:
            return run_configure(session);
        case Command::IsUp:
        case Command::IsReady:
            return run_ask(session);
        case Command::Lint:
            return run_lint(invocation, output);
        case Command::TryRestart:
        case Command::Reload:
        case Command::Reset:
        case Command::Wait:
        case Command::Check:
        case Command::Notify:
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
        case Command::Upgrade:
            return run_upgrade(session);
        case Command::Version:
            return run_version(session);
        case Command::Help:
            output.print(help_text(invocation.topic));
            return protocol::ExitCode::Done;
    }
    return protocol::ExitCode::Usage;
}

}  // namespace mainstay::ctl
