/// The pipes that services write into. Both ends of each are kept here: a service or a logger may
/// restart at any time and what lies in the pipe stays. A service without a logger writes into a
/// pipe that is read here, into memory.
#pragma once

#include <unordered_map>
#include <vector>

#include "common/fd_io.h"
#include "supervisor/log_ring.h"
#include "supervisor/loop.h"
#include "supervisor/os_outputs.h"

namespace mainstay::supervisor {

class LogPipes final : public Outputs {
  public:
    LogPipes(Loop& loop, LogLimits limits) : loop_(loop), store_(limits) {}

    Result<void> connect(ServiceId service, ServiceId logger) override;
    Result<Streams> streams_of(ServiceId service) override;
    void close_input(ServiceId logger) override;
    void forget(ServiceId service) override;
    std::vector<std::string> last_lines(ServiceId service, std::size_t count) override;

  private:
    struct Line {
        Pipe pipe;
        bool goes_to_memory = false;
        Watch watch;  ///< of a pipe into memory; ends before the descriptor
    };

    /// What a pipe holds by default: more than this a service does not get rid of in one turn of
    /// the loop, however fast it writes.
    static constexpr std::size_t kReadSize = std::size_t{64} * 1024;

    void read_into_memory(ServiceId service);

    Loop& loop_;
    LogStore store_;
    std::vector<char> buffer_ = std::vector<char>(kReadSize);
    std::unordered_map<ServiceId, Line> outputs_;       ///< by who writes
    std::unordered_map<ServiceId, ServiceId> feeders_;  ///< by logger: who writes for it
};

}  // namespace mainstay::supervisor
