/// What svctl does for each command: one function each, in a file of its kind. A new one is
/// declared here and gets a case in run().
#pragma once

#include "ctl/args.h"
#include "ctl/output.h"
#include "ctl/session.h"

namespace mainstay::ctl {

/// Does what the command line says and prints what came of it.
protocol::ExitCode run(const Invocation& invocation, Output& output);

protocol::ExitCode run_status(Session& session);                            // command_look.cpp
protocol::ExitCode run_list(Session& session);                              // command_look.cpp
protocol::ExitCode run_tree(Session& session);                              // command_look.cpp
protocol::ExitCode run_why(Session& session);                               // command_look.cpp
protocol::ExitCode run_deaths(Session& session);                            // command_look.cpp
protocol::ExitCode run_log(Session& session);                               // command_stream.cpp
protocol::ExitCode run_events(Session& session);                            // command_stream.cpp
protocol::ExitCode run_act(Session& session);                               // command_act.cpp
protocol::ExitCode run_ask(Session& session);                               // command_act.cpp
protocol::ExitCode run_configure(Session& session);                         // command_act.cpp
protocol::ExitCode run_upgrade(Session& session);                           // command_version.cpp
protocol::ExitCode run_version(Session& session);                           // command_version.cpp
protocol::ExitCode run_lint(const Invocation& invocation, Output& output);  // command_lint.cpp

/// `svctl --version`, and the first part of `svctl version`.
std::string own_version();  // command_version.cpp

}  // namespace mainstay::ctl
