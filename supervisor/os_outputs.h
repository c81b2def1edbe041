/// The seam to where services' output goes: pipes to loggers, and svlog for services without one.
/// The real one is LogPipes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "supervisor/definition.h"
#include "supervisor/os_processes.h"
#include "supervisor/spawn_plan.h"

namespace mainstay::supervisor {

/// Whether any of a service's streams leads to the log.
enum class LogUse : std::uint8_t { Wanted, NotWanted };

/// Who asks for streams.
struct OutputRequest {
    ServiceId service = 0;
    std::string_view name;
    std::shared_ptr<const LogSettings> settings;  ///< null: the defaults
    LogUse use = LogUse::Wanted;
};

inline OutputRequest output_request(ServiceId service, std::string_view name,
                                    const Definition& definition) {
    using Kind = StreamTarget::Kind;
    const ProcessSettings& process = definition.process();
    const bool is_used = process.output.kind == Kind::Log || process.error.kind == Kind::Log;
    return {service, name, definition.own_log, is_used ? LogUse::Wanted : LogUse::NotWanted};
}

/// A position in what a service has written since it came; only grows.
using LogCursor = std::uint64_t;

struct LogTail {
    std::vector<std::string> lines;  ///< oldest first; the last may not be ended yet
    LogCursor next = 0;              ///< where what is written from now on begins
    bool is_ended = true;            ///< whether the last line has its newline
};

struct LogPiece {
    std::string bytes;
    LogCursor next = 0;
    std::uint64_t lost = 0;  ///< bytes that came before these and are not in memory any more
};

using FollowId = std::uint64_t;

/// The supervisor's own messages, where a ServiceId is asked for: no service has this one.
inline constexpr ServiceId kOwnMessages = 0;
inline constexpr char kOwnMessagesName[] = "@supervisor";

class Outputs {
  public:
    Outputs() = default;
    Outputs(const Outputs&) = delete;
    Outputs& operator=(const Outputs&) = delete;
    virtual ~Outputs() = default;

    /// Lets the output of @p writer go to the standard input of @p logger from its next start on,
    /// by a pipe of which both ends are kept until the logger is forgotten: either may restart and
    /// nothing is lost. All writers of one logger share one pipe. May be called again, also with
    /// another logger, and after close_input(), which it undoes.
    virtual Result<void> connect(ServiceId writer, ServiceId logger) = 0;

    /// What the service's next process is connected to; borrowed. A service that was not connected
    /// gets a pipe to svlog, made now. Error: there is no room for one; to be tried again.
    virtual Result<Streams> streams_of(const OutputRequest& request) = 0;

    /// Of a service that has no process now: how what it wrote is to be kept, where a supervisor
    /// before this one left something of it. Makes nothing.
    virtual void describe(const OutputRequest& request) = 0;

    /// Closes the kept write end of what feeds @p logger, so that it reads the rest and then EOF.
    /// To be called when the last of its writers is down.
    virtual void close_input(ServiceId logger) = 0;

    /// The service is gone. What it wrote is dealt with first. Writers of a logger that is
    /// forgotten go on into svlog.
    virtual void forget(ServiceId service) = 0;

    /// The newest lines that the service wrote, as far as they are in memory; also what lies in its
    /// pipe still.
    virtual LogTail tail(ServiceId service, std::size_t count) = 0;
    std::vector<std::string> last_lines(ServiceId service, std::size_t count) {
        return tail(service, count).lines;
    }

    /// What cursors are positions in: the same number in the next supervisor where that memory is
    /// kept for it, another one where it is not. 0: there is none yet.
    virtual std::uint64_t memory_number() const noexcept = 0;

    /// What the service wrote from @p from on, as far as it is in memory: at most 64 KiB, the
    /// newest. A cursor of the future gives nothing yet.
    virtual LogPiece read_from(ServiceId service, LogCursor from) = 0;

    /// Calls @p callback from the loop when there may be something new to read_from(), until
    /// unfollow(). Many bytes may be one call. The callback may follow and unfollow.
    virtual FollowId follow(ServiceId service, std::function<void()> callback) = 0;
    virtual void unfollow(FollowId follow) = 0;
};

}  // namespace mainstay::supervisor
