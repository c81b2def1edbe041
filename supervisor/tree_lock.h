/// A lock on a directory of services as a whole: never two supervisors of one, whatever sockets
/// they have.
#pragma once

#include <cstdint>
#include <string>

#include "common/unique_fd.h"

namespace mainstay::supervisor {

/// On the directory itself, as long as it lives: flock(2) needs no file in it, and no right to
/// write.
struct TreeLock {
    UniqueFd held;            ///< invalid: there is no lock to be had, which is no reason to stop
    std::int32_t holder = 0;  ///< not 0: this process lives and has it, or has all services
    std::string what;         ///< of the holder: what is locked, in words
};

/// runit's runsvdir locks no directory: who has the `supervise/lock` of each service in it has
/// the tree. One service that is nobody's makes it free, and is mostly the first that is looked at.
TreeLock lock_tree(const std::string& directory);

}  // namespace mainstay::supervisor
