/// The notify socket of one service, over all its runs: who may speak is judged for each message,
/// who may not is refused with a line in the journal. Between two runs nobody is heard, and what
/// lies in the socket when a run begins is thrown away: it was meant for the run before.
#pragma once

#include <functional>
#include <string>

#include "supervisor/journal.h"
#include "supervisor/loop.h"
#include "supervisor/notify_sender.h"
#include "supervisor/notify_socket.h"
#include "supervisor/refusal_log.h"

namespace mainstay::supervisor {

class NotifyChannel {
  public:
    struct Parties {
        Loop& loop;
        Journal& journal;
        Processes& processes;
        ProcessFamily& family;
        std::uint32_t own_uid = 0;
    };
    /// Called for each message that counts, from the loop or hear(). May close the channel, but
    /// not destroy it.
    using Listener = std::function<void(const NotifyMessage&)>;
    /// Called before that where descriptors are to be kept, or given up: what comes of it in words
    /// for the journal, or nothing.
    using Storer = std::function<std::string(const NotifyMessage&, std::vector<UniqueFd>)>;

    /// @param path of the socket; absolute
    NotifyChannel(const Parties& parties, ServiceId service, std::string name, std::string path,
                  Listener listener, Storer storer);
    ~NotifyChannel();
    NotifyChannel(const NotifyChannel&) = delete;
    NotifyChannel& operator=(const NotifyChannel&) = delete;

    /// Before a run: the socket is there and empty.
    Result<void> open(const ReadinessSettings& settings);

    /// For a run that goes on: the socket that it was given, with what lies in it.
    void restore(UniqueFd socket, const ReadinessSettings& settings);

    void born(ProcessKey key, std::int32_t pid);
    /// What its main process is since, other than the one that was born.
    void main_is(std::int32_t pid) noexcept { run_.main = pid; }

    int fd() const noexcept { return socket_.fd(); }

    /// Handles what is there now, up to a limit.
    void hear();

    /// The run is over. Its last words are heard by hear() before.
    void close() noexcept;

    const std::string& path() const noexcept { return path_; }

  private:
    void allow(const ReadinessSettings& settings) noexcept;
    void empty() noexcept;
    std::optional<NotifySocket::Datagram> next(NotifySocket::Buffer& buffer,
                                               std::vector<UniqueFd>& descriptors);
    bool brings_something_to_store(const NotifySocket::Datagram& datagram);
    void handle(const NotifySocket::Datagram& datagram, std::vector<UniqueFd> descriptors);
    void store(const NotifySocket::Datagram& datagram, const NotifyMessage& message,
               std::vector<UniqueFd> descriptors);
    void refuse(const Sender& sender);
    void accept(const Sender& sender, NotifyMessage message);
    void change_main(const Sender& sender, NotifyMessage& message);
    void complain(const Sender& sender, Complaint complaint, std::string_view what);

    Parties os_;
    std::string name_;
    std::string path_;
    Listener listener_;
    Storer storer_;
    NotifySocket socket_;
    Watch watch_;  ///< ends before the descriptor
    RunProcesses run_;
    ProcessKey key_;
    std::int32_t former_ = 0;  ///< main process of the run before
    NotifySenders allowed_ = NotifySenders::Main;
    bool stores_ = false;  ///< descriptors may be kept at all
    RefusalLog complaints_;
};

}  // namespace mainstay::supervisor
