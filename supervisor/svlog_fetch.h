/// Where nobody keeps descriptors, a svlog whose supervisor died holds them: it goes on reading.
/// Here they are copied out of it, for LogPipes::restore().
///
/// Needs pidfd_getfd(2) (Linux 5.6), which asks for the right to trace the process; some containers
/// refuse it. Then that svlog serves the old pipes to their end, and new ones are made.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "supervisor/journal.h"
#include "supervisor/kept_log.h"

namespace mainstay::supervisor {

/// Notes in the file @p record which process is svlog, for fetch_from_svlog() of the next
/// supervisor. What goes wrong is logged.
void note_svlog(const std::string& record, pid_t pid, Journal& journal);

/// The arena and the pipes of the svlog that @p record names, without names of services; nothing
/// where it does not run any more. @p record may hold anything: a process is svlog if it is the
/// writer of an arena.
std::vector<KeptLog> fetch_from_svlog(const std::string& record, Journal& journal);

/// The pipe that the process of @p pidfd, a logger, reads as its standard input; nothing where it
/// reads something else, or its descriptors are not for us.
std::vector<UniqueFd> fetch_logger_pipe(int pidfd);

}  // namespace mainstay::supervisor
