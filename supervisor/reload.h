/// PURE. What is different between two definitions of a service, in the words of service.conf.
#pragma once

#include <string>
#include <vector>

#include "supervisor/definition.h"

namespace mainstay::supervisor {

/// One text a key that differs, "stop-timeout 10 s -> 30 s"; where the values would not fit a line
/// (programs, environments), only "environment changed". Empty where both say the same.
std::vector<std::string> describe_changes(const Definition& before, const Definition& after);

}  // namespace mainstay::supervisor
