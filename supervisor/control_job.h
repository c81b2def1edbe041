/// One request while it is being answered. The session asks it for output when there is room for
/// some, so a client that reads slowly costs the memory of one piece and no more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace mainstay::supervisor {

/// What advance() gives at most at a time, give or take a line.
inline constexpr std::size_t kOutputPiece = std::size_t{64} * 1024;

class ControlJob {
  public:
    enum class Progress : std::uint8_t {
        More,     ///< call again when what was given is written
        Waiting,  ///< nothing to say now: call again after a wake-up
        Done,     ///< the request is answered
        Hangup,   ///< as Done, and the connection ends
    };

    ControlJob() = default;
    ControlJob(const ControlJob&) = delete;
    ControlJob& operator=(const ControlJob&) = delete;
    /// Ends the waiting; what was asked for goes on.
    virtual ~ControlJob() = default;

    /// Appends whole lines to @p out.
    virtual Progress advance(std::string& out) = 0;
};

}  // namespace mainstay::supervisor
