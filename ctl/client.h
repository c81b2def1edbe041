/// The conversation with the supervisor over its control socket: blocking, one request at a time,
/// with a deadline. Failures are Troubles, ready to be shown.
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "common/clock.h"
#include "common/frame.h"
#include "common/protocol.h"
#include "common/unique_fd.h"
#include "ctl/socket_place.h"

namespace mainstay::ctl {

/// One line of an answer: as it came, and what it means.
struct Received {
    std::string_view line;  ///< valid until the next receive()
    protocol::Reply reply;
};

class Client {
  public:
    explicit Client(SocketPlace place)
        : place_(std::move(place)), lines_(protocol::kMaxReplyLine) {}

    /// From now on nothing takes longer than @p limit in all; none: for ever.
    void set_limit(std::optional<std::chrono::milliseconds> limit);

    /// Connects and reads the greeting; to be called first. A supervisor that ends before it greets
    /// has been asked for nothing: its successor is waited for, for 2 s at most.
    std::optional<Trouble> connect();

    /// Whether the last failure was that nobody is there, or not any more: it may come (back).
    bool is_lost() const noexcept { return is_lost_; }

    /// Connects again, as soon as somebody is there. @returns why not, after @p patience or when
    /// the limit is over.
    std::optional<Trouble> connect_again(Duration patience);

    /// What is left of the limit; none: there is none.
    std::optional<std::chrono::milliseconds> time_left() const;

    /// What the supervisor said of itself.
    const protocol::Greeting& greeting() const noexcept { return greeting_; }

    std::optional<Trouble> send(const protocol::Request& request);

    /// Waits for at most @p time. @returns whether receive() has something to do: a line, or the
    /// end.
    bool wait(std::chrono::milliseconds time);

    /// Waits for the next line of the answer.
    std::variant<Received, Trouble> receive();

  private:
    std::optional<Trouble> connect_once();
    std::optional<Trouble> open_socket();
    std::variant<std::string_view, Trouble> next_line();
    std::optional<Trouble> read_more();
    std::optional<Trouble> apply_limit(int socket_option);
    Trouble timed_out() const;

    SocketPlace place_;
    UniqueFd socket_;
    LineSplitter lines_;
    std::optional<std::string_view> next_;  ///< found by wait()
    protocol::Greeting greeting_;
    bool greeted_ = false;
    bool is_lost_ = false;
    std::optional<std::chrono::milliseconds> limit_;
    std::optional<MonotonicTime> deadline_;
};

}  // namespace mainstay::ctl
