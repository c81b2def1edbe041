/// What keeps services going while there is no svlog: reads their pipes into memory, so that none
/// of them ever waits for a reader that does not come. Files get the rest when svlog is back.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "common/result.h"
#include "common/unique_fd.h"
#include "supervisor/loop.h"
#include "supervisor/svlog/arena_writer.h"

namespace mainstay::supervisor {

class LogTakeover {
  public:
    /// To be made when svlog is gone for certain: an arena has one writer.
    /// @param news called when somebody is to be told of new bytes
    LogTakeover(Loop& loop, svlog::Arena arena, std::function<void()> news);

    /// Reads @p pipe from now on. @param pipe borrowed, non-blocking
    Result<void> add(std::uint32_t slot, int pipe, std::uint64_t memory);

  private:
    enum class PipeState { Open, Ended };

    void on_readable();
    PipeState take(std::uint32_t slot, int pipe);

    svlog::Arena arena_;
    svlog::ArenaWriter writer_;
    std::function<void()> news_;
    UniqueFd epoll_;
    std::vector<char> buffer_;
    Watch watch_;
};

}  // namespace mainstay::supervisor
