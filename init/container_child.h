/// What a child of a container's init does between fork and the program that it becomes: the
/// command, or the supervisor of its services.
#pragma once

#include <csignal>

#include "init/container_options.h"
#include "init/container_voice.h"

namespace mainstay::init {

/// Becomes the command: a process group or a session of its own, the terminal if there is one, and
/// the signals as init itself was born with them.
/// @param born_with what was blocked when init started
[[noreturn]] void become_command(const ContainerOptions& options, const sigset_t& born_with,
                                 const ContainerVoice& voice) noexcept;

/// Becomes the supervisor that lies beside this program, else the one of the system.
[[noreturn]] void become_supervisor(const ContainerOptions& options,
                                    const ContainerVoice& voice) noexcept;

}  // namespace mainstay::init
