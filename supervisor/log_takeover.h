/// What keeps services going while there is no svlog: reads their pipes into memory, so that none
/// of them ever waits for a reader that does not come. Files get the rest when svlog is back.
#pragma once

#include <cstdint>
#include <functional>

#include "common/result.h"
#include "common/unique_fd.h"
#include "supervisor/loop.h"
#include "supervisor/svlog/arena_memory.h"
#include "supervisor/svlog/intake.h"

namespace mainstay::supervisor {

class LogTakeover {
  public:
    /// To be made when svlog is gone for certain: an arena has one writer, which is this process
    /// until this ends.
    /// @param descriptors borrowed, of @p arena
    /// @param news called when somebody is to be told of new bytes
    LogTakeover(Loop& loop, svlog::Arena arena, const svlog::ArenaDescriptors& descriptors,
                std::function<void()> news);
    ~LogTakeover();
    LogTakeover(const LogTakeover&) = delete;
    LogTakeover& operator=(const LogTakeover&) = delete;

    /// Reads @p pipe from now on. @param pipe borrowed, non-blocking
    Result<void> add(std::uint32_t slot, int pipe, std::uint64_t memory);

    /// Reads what is in @p pipe now, without a limit to its memory. @param pipe non-blocking
    void read_all(std::uint32_t slot, int pipe);

  private:
    void on_readable();
    svlog::Intake::Taken take(std::uint32_t slot, int pipe);

    svlog::Arena arena_;
    int memory_;  ///< borrowed
    svlog::Intake intake_;
    std::function<void()> news_;
    UniqueFd epoll_;
    Watch watch_;
};

}  // namespace mainstay::supervisor
