/// One control connection: reads requests, has them obeyed one after the other, writes the answers.
///
/// Bounded in all directions: a request line by the protocol, what was read ahead by one buffer,
/// what is to be written by one piece (control_job.h). A client that does not read for 30 s is
/// dropped; one that sends nothing costs one connection.
#pragma once

#include <sys/types.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <memory>

#include "supervisor/control_handler.h"
#include "supervisor/journal.h"

namespace mainstay::supervisor {

class ControlSession {
  public:
    using Socket = boost::asio::local::stream_protocol::socket;

    struct Parties {
        ControlHandler& handler;
        Journal& journal;
        Caller caller;
        std::function<void()> ended;  ///< called once, from the loop
    };

    virtual ~ControlSession() = default;
    /// Ends the connection; `ended` is called soon.
    virtual void close() = 0;

    /// The same as the supervisor ends in order: who waits for an answer is told that none comes,
    /// and need not wait for the next supervisor.
    virtual void close_for_good() = 0;

    /// Whether nothing was asked that is not answered: another program may go on with the socket.
    virtual bool is_idle() const noexcept = 0;
    /// Whether something is asked, or being said, that is about to be done with.
    virtual bool is_busy() const noexcept = 0;
    virtual int descriptor() noexcept = 0;

    enum class Greeting : std::uint8_t { ToBeSaid, Said };
    /// Sends the greeting and serves until either side ends it. Lives as long as its coroutines.
    static std::shared_ptr<ControlSession> start(Socket socket, Parties parties, Greeting greeting);
};

}  // namespace mainstay::supervisor
