/// Our end of the boot link: says Hello, BootComplete, Progress and Stopped; hears Stop, and that
/// PID 1 is gone. Has descriptors kept by PID 1, and claims what it kept for the supervisor before
/// us. Where PID 1 is not ours there is no link, and all that does nothing. docs/boot-link.md.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "common/boot_link.h"
#include "common/unique_fd.h"
#include "supervisor/journal.h"
#include "supervisor/loop.h"
#include "supervisor/os_keeper.h"

namespace mainstay::supervisor {

/// Descriptors that were kept for us.
struct Kept {
    KeptKind kind = KeptKind::LogPipe;
    std::uint32_t id = 0;
    std::vector<UniqueFd> descriptors;
};

/// All that PID 1 kept of the supervisor before us.
struct HandOver {
    UniqueFd table;  ///< invalid: there is none
    std::vector<Kept> kept;
    struct Process {
        LinkProcess process;
        UniqueFd pidfd;  ///< invalid: it has ended
        std::uint32_t exit_number = 0;
    };
    std::vector<Process> processes;
};

class BootLinkClient final : public Keeper {
  public:
    struct Listener {
        /// PID 1 asks for an ordered stop.
        std::function<void(LinkStop what_follows)> stop;
        std::function<void()> closed;  ///< PID 1 is gone, or wants no more of us
        /// A process that we adopted has ended. To be recorded before this returns.
        std::function<void(const LinkProcess&)> exited;
    };

    /// @param link invalid: there is none
    BootLinkClient(Loop& loop, Journal& journal, UniqueFd link);

    bool is_there() const noexcept { return link_.valid(); }
    int descriptor() const noexcept { return link_.get(); }
    /// Whether all that it was given to keep is on its way.
    bool is_handed_over() const noexcept { return waiting_.empty(); }
    /// Whether somebody keeps what keep() is given.
    bool keeps() const noexcept { return greeting_.most_keys > 0; }

    /// Says Hello. With a PID 1 that knows how to keep, waits for its answer and for all that it
    /// kept. To be called first; nothing is told to a listener meanwhile.
    HandOver greet(std::uint32_t link_version);

    /// From here on the loop hears PID 1, and what it asked before.
    void listen(Listener listener);
    /// Handles what has come so far.
    void look();

    /// @param text cut off where the message has no room for it
    void send(LinkType type, std::uint32_t value, std::string_view text);

    void keep(KeptKind kind, std::uint32_t id, std::span<const int> descriptors) override;
    void drop(KeptKind kind, std::uint32_t id) override;
    void keep_table(int table);
    /// The exit of that number is in our table.
    void exit_recorded(std::uint32_t number);

  private:
    /// What waits until PID 1 has dealt with what was sent before.
    struct Waiting {
        LinkMessage message;
        std::vector<UniqueFd> descriptors;
    };

    bool ask(LinkType question, LinkType answer, HandOver& over);
    enum class Heard : std::uint8_t { Answer, Silence, Closed };
    Heard receive_until(LinkType last, MonotonicTime end, HandOver& over);
    void take(LinkPacket packet, HandOver& over);
    static void take_exit(const LinkMessage& message, HandOver& over);
    void handle(const LinkMessage& message);
    void queue(LinkMessage message, std::span<const int> descriptors);
    bool try_to_send(LinkMessage& message, std::span<const int> descriptors);
    void send_waiting();
    void send_later();
    void say_lost(const LinkMessage& message);

    Loop& loop_;
    Journal& journal_;
    UniqueFd link_;
    Listener listener_;
    Watch watch_;
    LinkGreeting greeting_;
    std::uint32_t claim_ = 0;       ///< number of our Claim
    bool is_handing_over_ = false;  ///< the HandOverBegin of our Claim has come
    std::uint32_t sequence_ = 0;
    std::uint32_t accepted_ = 0;
    std::deque<Waiting> waiting_;
    bool said_lost_ = false;
    bool tries_later_ = false;
    std::optional<LinkStop> stop_asked_;  ///< while nobody listened
};

}  // namespace mainstay::supervisor
