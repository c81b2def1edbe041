/// A command's own init: PID 1 of a container, or a subreaper where another process is PID 1.
/// Starts the command (and a supervisor of services), passes on signals, buries whoever becomes its
/// child, and ends with the command's exit code. It needs no /proc, no file that can be written, no
/// rights, no descriptor and no memory beside its own, and nothing wakes it but signals and
/// deadlines.
///
/// What it decides is decided in container_options and container_state.
#pragma once

#include "init/container_options.h"

namespace mainstay::init {

/// The program under one of these names, or as `init … -- COMMAND`.
int container_main(ContainerStyle style, int argc, char** argv) noexcept;

}  // namespace mainstay::init
