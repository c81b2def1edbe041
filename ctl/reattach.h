/// PURE. What svctl asks for when the supervisor went away while it waited, and another one is
/// there: only what is still open, in words that can be said twice
/// (docs/decisions/0047-clients-that-come-back.md).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "common/protocol.h"

namespace mainstay::ctl {

class Reattachment {
  public:
    explicit Reattachment(protocol::Request request) : request_(std::move(request)) {}

    /// Whether an answer is waited for so long that losing the connection is no end.
    bool outlives_connection() const noexcept;

    /// Whether the supervisor is to go away: what comes back is what was asked for.
    bool expects_the_end() const noexcept { return request_.verb == protocol::Verb::Upgrade; }

    /// Remembers what was answered. @returns whether it is news: not what was told before the
    /// connection was lost.
    bool take(const protocol::Reply& reply);

    /// What is to be asked of the next supervisor; nothing where all has been answered.
    /// @param left of the time that the request may take
    std::optional<protocol::Request> begin_again(std::optional<std::chrono::milliseconds> left);

    /// What comes of all answers, @p last of the last supervisor's.
    protocol::ExitCode exit_with(protocol::ExitCode last) const noexcept;

    /// Whether what was read before is gone with the former supervisor; tells it once.
    bool take_anew() noexcept { return std::exchange(is_anew_, false); }

  private:
    bool is_first_of(const std::string& service, protocol::ExitCode exit);

    protocol::Request request_;
    std::set<std::string> answered_;              ///< services with a final answer
    std::map<std::string, std::string> cursors_;  ///< of followed logs, by service
    protocol::ExitCode exit_ = protocol::ExitCode::Done;
    bool has_begun_again_ = false;
    bool is_anew_ = false;
};

}  // namespace mainstay::ctl
