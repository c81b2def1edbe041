/// The seam to service directories: reading one into a definition. The real one is ServiceDirs.
#pragma once

#include <string>
#include <vector>

#include "supervisor/definition.h"

namespace mainstay::supervisor {

struct LoadedDefinition {
    Definition definition;
    std::vector<std::string> problems;  ///< sentences; each is worth a line in the log
};

class Definitions {
  public:
    Definitions() = default;
    Definitions(const Definitions&) = delete;
    Definitions& operator=(const Definitions&) = delete;
    virtual ~Definitions() = default;

    /// Never fails: what cannot be read is as if it were not there, with a problem. That a
    /// directory is missing shows when its program is to be executed.
    virtual LoadedDefinition load(const std::string& path) = 0;
};

}  // namespace mainstay::supervisor
