/// `supervisor --check`: the lint as a command.
#pragma once

#include "supervisor/options.h"

namespace mainstay::supervisor {

/// Prints what is wrong to standard output, as text or as lines of JSON, and how much it is.
/// @returns the exit code: 1 where there is an error, else 0.
int check_services(const Check& request);

}  // namespace mainstay::supervisor
