/// Reads a service directory into a definition: a few stat(2) calls and one small file. Ordinary
/// disk I/O: a directory on a dead network mount blocks the supervisor here.
#pragma once

#include "supervisor/os_definitions.h"

namespace mainstay::supervisor {

class ServiceDirs final : public Definitions {
  public:
    LoadedDefinition load(const std::string& path) override;
};

}  // namespace mainstay::supervisor
