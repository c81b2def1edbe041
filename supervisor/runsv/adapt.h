/// PURE. What a service directory means under runsv where it says nothing else itself: streams and
/// umask are runsv's own, stops and finish programs take any time, and who ends within a second is
/// started again a second later.
#pragma once

#include <cstdint>

#include "supervisor/definition.h"

namespace mainstay::supervisor::runsv {

void adapt(Definition& definition, std::uint32_t umask);

}  // namespace mainstay::supervisor::runsv
