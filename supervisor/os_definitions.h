/// The seam to service directories: reading one into a definition. The real one is ServiceDirs.
#pragma once

#include <string>
#include <vector>

#include "supervisor/definition.h"

namespace mainstay::supervisor {

struct LoadedDefinition {
    Definition definition;
    std::vector<std::string> problems;  ///< sentences; each is worth a line in the log
    /// Not: what the directory says could not be read as it was meant, and to run the service all
    /// the same might run it with rights it must not have. The definition is of no use then: the
    /// caller goes on with an older one, or fails the service with the problems.
    bool usable = true;
    bool try_again = false;  ///< where it is not usable: it may be the next time it is read
};

class Definitions {
  public:
    Definitions() = default;
    Definitions(const Definitions&) = delete;
    Definitions& operator=(const Definitions&) = delete;
    virtual ~Definitions() = default;

    /// Never fails as a whole, see LoadedDefinition. That a directory is missing shows when its
    /// program is to be executed.
    virtual LoadedDefinition load(const std::string& path) = 0;
};

}  // namespace mainstay::supervisor
