/// Where services' output goes under runsv: a pipe to the service's logger, if it has one. All else
/// is inherited: there is no svlog here, and nothing to look at.
#pragma once

#include <unordered_map>
#include <vector>

#include "common/fd_io.h"
#include "supervisor/os_keeper.h"
#include "supervisor/os_outputs.h"

namespace mainstay::supervisor::runsv {

class LoggerPipes final : public Outputs {
  public:
    explicit LoggerPipes(Keeper& keeper) noexcept : keeper_(keeper) {}

    /// One that was kept for us: its read end, and its write end if it was open.
    void restore(ServiceId logger, std::vector<UniqueFd> ends);

    Result<void> connect(ServiceId writer, ServiceId logger) override;
    Result<Streams> streams_of(const OutputRequest& request) override;
    void describe(const OutputRequest& /*request*/) override {}
    void close_input(ServiceId logger) override;
    void forget(ServiceId service) override;

    LogTail tail(ServiceId /*service*/, std::size_t /*count*/) override { return {}; }
    std::uint64_t memory_number() const noexcept override { return 0; }
    LogPiece read_from(ServiceId /*service*/, LogCursor from) override { return {{}, from, 0}; }
    FollowId follow(ServiceId /*service*/, std::function<void()> /*callback*/) override {
        return 0;
    }
    void unfollow(FollowId /*follow*/) override {}

  private:
    void keep(ServiceId logger, const Pipe& pipe);

    Keeper& keeper_;
    std::unordered_map<ServiceId, Pipe> inputs_;        ///< by logger
    std::unordered_map<ServiceId, ServiceId> loggers_;  ///< by writer
};

}  // namespace mainstay::supervisor::runsv
