/// Makers of the jobs that answer requests; each is in a file of its name. The job refers to the
/// handler, which outlives it.
#pragma once

#include <memory>

#include "supervisor/control_handler.h"

namespace mainstay::supervisor {

/// An answer that is ready as it is.
std::unique_ptr<ControlJob> make_ready_answer(
    std::string lines, ControlJob::Progress end = ControlJob::Progress::Done);

/// status, list, deaths, is-up, is-ready: views of services, made when there is room for them.
std::unique_ptr<ControlJob> make_look_job(ControlHandler& handler,
                                          const protocol::Request& request);

/// up, down, restart, try-restart, once, reload, reset, signal: orders, and what becomes of them.
std::unique_ptr<ControlJob> make_act_job(ControlHandler& handler, protocol::Request request,
                                         ControlHandler::Wake wake);

/// wait, check: until services are somewhere, without telling them to.
std::unique_ptr<ControlJob> make_wait_job(ControlHandler& handler, protocol::Request request,
                                          ControlHandler::Wake wake);

/// events: until the client goes away.
std::unique_ptr<ControlJob> make_events_job(ControlHandler& handler,
                                            const protocol::Request& request,
                                            ControlHandler::Wake wake);

/// log: the newest lines, and those that come.
std::unique_ptr<ControlJob> make_log_job(ControlHandler& handler, const protocol::Request& request,
                                         ControlHandler::Wake wake);

/// upgrade: until it is known what came of it.
std::unique_ptr<ControlJob> make_upgrade_job(ControlHandler& handler, protocol::Request request,
                                             ControlHandler::Wake wake);

/// enable, disable, rescan, add, remove: at once.
std::string configure(ControlHandler& handler, const protocol::Request& request);

/// Whether @p uid speaks only for services of its own: that of their main processes. A user whom
/// there is no such service gets the same refusal as for another's.
bool is_own_notify(const ControlHandler::Ports& os, const protocol::Request& request,
                   std::uint32_t uid);

/// notify: what a service says of itself, said for it. At once.
std::string notify(ControlHandler& handler, const protocol::Request& request);

}  // namespace mainstay::supervisor
