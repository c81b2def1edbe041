/// Puts the parts together and knows what concerns them all: signals, the boot link's messages, the
/// ordered stop.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "common/unique_fd.h"
#include "supervisor/environment.h"
#include "supervisor/journal.h"
#include "supervisor/options.h"
#include "supervisor/own_process.h"
#include "supervisor/upgrade_note.h"

namespace mainstay::supervisor {

struct AppSettings {
    Options options;
    Environment environment;  ///< for services
    Inheritance born_with;
    UniqueFd boot_link;              ///< invalid: none
    std::uint32_t link_version = 0;  ///< of the boot link, as PID 1 has it
    bool pid_1_is_ours = false;      ///< and may be asked to end the system
    char** argv = nullptr;           ///< of this process, with the program's absolute path first
    std::optional<UpgradeNote> upgrade;  ///< of the program that was this process before
    UniqueFd own_messages;  ///< read end of the pipe that the journal copies to; invalid: none
};

/// Supervises until it is asked to stop and everything is down.
/// @returns the program's exit code
int run_app(AppSettings settings, Journal& journal);

}  // namespace mainstay::supervisor
