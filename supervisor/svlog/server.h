/// svlog at work: reads the pipes of all services, each in its turn, into memory and into files,
/// until its supervisor says that no service writes any more. Then it reads what is there and ends.
///
/// The end of the link is not its end: without a supervisor it goes on until nobody can write any
/// more, or the next supervisor ends it and hands the pipes to a svlog of its own. It may be killed
/// at any moment.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/unique_fd.h"
#include "supervisor/svlog/arena_memory.h"
#include "supervisor/svlog/filing.h"
#include "supervisor/svlog/intake.h"
#include "supervisor/svlog/link.h"

namespace mainstay::svlog {

class Server final : public NoticeSink {
  public:
    /// @param link the socket to the supervisor
    /// @param signals a signalfd of HUP, ALRM and TERM
    Server(UniqueFd link, UniqueFd signals, const std::string& directory);

    /// @returns the program's exit code
    int run();

    void notice(Kind kind, std::string_view text) override;

  private:
    enum class Progress { Going, Drained };

    Result<void> prepare();
    Result<void> watch(int fd, std::uint32_t events, std::uint64_t what);
    int time_to_wait() const noexcept;
    void turn(int wait);
    void on_signals();

    // The link.
    void on_link();
    void supervisor_died();
    void obey(Received received);
    void set_up(const Message& message, ArenaDescriptors descriptors);
    Result<void> take_arena(ArenaDescriptors descriptors);
    void forget_pipes() noexcept;
    void add(const Message& message, UniqueFd pipe);
    void change(const Message& message);
    void remove(std::uint32_t slot);
    void acknowledge();
    void tell(Message message);
    void send_waiting();

    // The pipes.
    Source* find(std::uint32_t slot) noexcept;
    std::vector<Source*> all() const;
    bool has_pipes() const noexcept;
    void trim(const Source& source);
    void read_once(Source& source);
    bool take(Source& source, std::size_t most);
    void enlarge(Source& source) const noexcept;
    void drain(Source& source);
    void drain_all();
    void pipe_ended(Source& source);

    UniqueFd link_;
    UniqueFd signals_;
    UniqueFd mounts_;
    UniqueFd epoll_;
    ArenaDescriptors descriptors_;  ///< as long as the memory's is open we are its writer
    ArenaMapping memory_;
    std::optional<Intake> intake_;
    Filing filing_;
    std::vector<std::unique_ptr<Source>> sources_;  ///< by slot
    std::deque<Message> waiting_;                   ///< for room in the link
    bool link_is_full_ = false;
    std::uint32_t carried_out_ = 0;  ///< messages that are not acknowledged yet
    std::size_t dropped_notices_ = 0;
    bool ending_ = false;
    bool has_no_memory_ = false;
    bool is_alone_ = false;  ///< there is no supervisor any more
};

}  // namespace mainstay::svlog
