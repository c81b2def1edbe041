/// The same program under another name: asks the running PID 1 for something.
#pragma once

#include <cstdint>

#include "init/pid1_state.h"

namespace mainstay::init {

/// `init 0-9|S|a|b|c|q|u`, `telinit …`. @returns the exit code
int telinit_main(int argc, char** argv) noexcept;

/// Whether PID 1 knows our requests; says on standard error when it is another init.
bool pid1_knows_requests(const char* name) noexcept;

/// Asks PID 1 to go down.
/// @param patience_seconds between TERM and KILL for what is left; 0: as PID 1 thinks right
/// @returns the exit code
int ask_pid1(const char* name, Request request, std::uint32_t patience_seconds = 0) noexcept;

}  // namespace mainstay::init
