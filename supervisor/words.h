/// PURE. Words that messages and replies share.
#pragma once

#include <string>

#include "supervisor/os_processes.h"

namespace mainstay::supervisor {

/// "No such file or directory", "its interpreter /bin/bsh does not exist"
std::string reason_of(const ExecFault& fault);

/// "exec /etc/sv/web/run: No such file or directory"
std::string text_of(const ExecFault& fault);

/// "310 ms", "12 s", "2 d 3 h"
std::string text_of(Duration duration);

}  // namespace mainstay::supervisor
