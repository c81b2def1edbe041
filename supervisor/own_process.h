/// What the supervisor does to its own process before anything else, and what services get back.
#pragma once

#include <sys/resource.h>

#include <optional>
#include <string>

#include "common/result.h"
#include "common/unique_fd.h"
#include "supervisor/journal.h"
#include "supervisor/upgrade_note.h"

namespace mainstay::supervisor {

/// How the process was born; each service is started with that again.
struct Inheritance {
    std::optional<rlimit> descriptor_limit;
    std::optional<std::string> oom_score;
};

/// Standard streams open, whatever was inherited beyond them not passed on to services, umask,
/// default signal handlers, and those signals blocked that are read from
/// signal_descriptor().
void prepare_descriptors_and_signals() noexcept;

/// RLIMIT_NOFILE to the maximum, OOM score -900, subreaper: each where it is permitted. What is not
/// is said once.
Inheritance raise_limits(Journal& journal);

/// SIGCHLD, SIGTERM, SIGINT, SIGHUP.
Result<UniqueFd> signal_descriptor();

/// What the program before this one says of how the process was born, which it was not anew.
Inheritance born_as(const UpgradeNote& note);

/// What MAINSTAY_LINK says; -1 where that is no number of a link. Makes no call that could fail.
int boot_link_number(const char* variable) noexcept;

/// The boot link named by MAINSTAY_LINK, made close-on-exec. Nothing where there is none; an Error
/// where the variable is there and names no usable descriptor.
Result<std::optional<int>> find_boot_link(const char* variable) noexcept;

}  // namespace mainstay::supervisor
