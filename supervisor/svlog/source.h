/// One service as svlog sees it: the pipe it writes into and how far its output has got. Plain data
/// of server and filing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/unique_fd.h"
#include "supervisor/svlog/lines.h"
#include "supervisor/svlog/log_files.h"
#include "supervisor/svlog/settings.h"

namespace mainstay::svlog {

struct Source {
    std::uint32_t slot = 0;
    std::string name;
    Settings settings;
    UniqueFd pipe;          ///< read end; invalid once it has ended
    bool is_large = false;  ///< its pipe was enlarged

    // Of its files, where there is a log directory.
    std::unique_ptr<LogFiles> files;
    LineCutter cutter;
    std::string carried;         ///< the beginning of a line whose end has not come yet
    std::uint64_t position = 0;  ///< of the stream: what comes before it is filed, or given up
    bool is_behind = false;      ///< files could not be written: what is newer is in memory only
};

}  // namespace mainstay::svlog
