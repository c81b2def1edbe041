/// Waits until a socket may have come to its path: told by inotify(7) of what happens in its
/// directory, and by time where there is no such directory, or nobody to tell.
#pragma once

#include <string>

#include "common/clock.h"
#include "common/unique_fd.h"

namespace mainstay::ctl {

class SocketWatch {
  public:
    explicit SocketWatch(std::string path);

    /// Returns after something happened, at the latest after @p longest. To be called again and
    /// again, with a try to connect between: nothing that happens meanwhile is missed.
    void wait(Duration longest);

  private:
    void watch_directory() noexcept;

    std::string directory_;
    UniqueFd inotify_;
    bool is_watching_ = false;
};

}  // namespace mainstay::ctl
