/// PID 1's end of the boot link (docs/boot-link.md): hears what the supervisor says, has the keeper
/// obey it, and says what is due. And how the supervisor is restarted: at once up to 20 times in 10
/// s, then once a second.
#pragma once

#include "common/boot_link.h"
#include "common/clock.h"
#include "common/result.h"
#include "common/unique_fd.h"
#include "init/keeper.h"
#include "init/log.h"

namespace mainstay::init {

/// PURE. Lets a message through that would otherwise come too often.
class SeldomSaid {
  public:
    /// @returns how many were held back since the last one, or nothing where this one is held back
    std::optional<std::uint32_t> ask(MonotonicTime now) noexcept;

  private:
    std::optional<MonotonicTime> last_;
    std::uint32_t held_back_ = 0;
};

/// In the child that becomes the supervisor: its end of the link and how it finds that.
void hand_over_link(int link_fd) noexcept;

class SupervisorLink {
  public:
    /// Where the link is and how far the talk has come lies with what @p keeper keeps.
    explicit SupervisorLink(Keeper& keeper) noexcept : keeper_(keeper) {}

    /// Makes a new pair for a supervisor about to be started; the old link, if any, is closed.
    /// @returns the supervisor's end, to be closed by the caller after the fork
    Result<UniqueFd> renew() noexcept;
    void close() noexcept;

    /// What to poll the descriptor for (poll(2)); the descriptor is -1 while there is no link.
    int fd() const noexcept { return state().fd; }
    short events() const noexcept;
    /// When to try again what neither goes nor is waited for by poll; max() if nothing.
    MonotonicTime retry_at() const noexcept { return retry_at_; }

    /// Whether the supervisor at the other end has said Hello: only then does it understand Stop.
    bool is_spoken_to() const noexcept { return state().peer_version > 0; }
    /// Whether it said Stopped: it leaves nothing behind.
    bool has_stopped() const noexcept { return state().has_stopped != 0; }

    Result<void> ask_to_stop(LinkStop what_follows) noexcept;

    enum class Heard : std::uint8_t { Nothing, Progress, BootComplete, Other };
    /// Takes one message; logs what a person should know. Never blocks. Nothing is taken while
    /// something is due that does not go: whoever does not listen is not listened to.
    Heard next(Log& log) noexcept;

    /// The same, of a supervisor that is dead and will not listen any more.
    Heard next_of_dead(Log& log) noexcept;

    /// Says what is due, as far as it goes.
    void say_what_is_due(Log& log) noexcept;

  private:
    LinkState& state() const noexcept { return keeper_.state().link; }
    Heard hear(LinkPacket& packet, Log& log) noexcept;
    Heard heed(const LinkMessage& message, Log& log) noexcept;
    void greet(const LinkMessage& hello, Log& log) noexcept;
    void obey(LinkPacket& packet, Log& log) noexcept;
    Result<void> say(Outgoing& outgoing, Log& log) noexcept;

    Keeper& keeper_;
    bool is_full_ = false;
    MonotonicTime retry_at_ = MonotonicTime::max();
    SeldomSaid refusals_;
    SeldomSaid nonsense_;
};

/// PURE. When a supervisor that ended at @p now may be started again.
class SupervisorPacing {
  public:
    /// @returns how long to wait; counts the start that will follow
    Duration next_wait(MonotonicTime now) noexcept;

    static constexpr std::size_t kBurst = 20;
    using Starts = FixedVector<MonotonicTime, kBurst>;
    const Starts& starts() const noexcept { return starts_; }
    std::size_t oldest() const noexcept { return oldest_; }
    /// @param oldest index of the oldest start once all kBurst are there
    void restore(const Starts& starts, std::size_t oldest) noexcept {
        starts_ = starts;
        oldest_ = oldest % kBurst;
    }

  private:
    Starts starts_;
    std::size_t oldest_ = 0;
};

}  // namespace mainstay::init
