/// PURE. One step of a service while it is being made, and the moves that the handlers of its
/// states share. Internal to step(): included by service_state*.cpp alone.
#pragma once

#include <cstddef>
#include <utility>

#include "supervisor/service_state.h"

namespace mainstay::supervisor {

struct Transition {
    Snapshot s;
    const Policy& policy;
    Effects effects{};
    bool ignored = false;

    void emit(const Effect& effect) noexcept;
    void ignore() noexcept { ignored = true; }

    bool is_run(std::uint32_t generation) const noexcept {
        return s.has_run && generation == s.generation;
    }
    /// The run, and its birth was reported: it can be signalled, and says something.
    bool is_live_run(std::uint32_t generation) const noexcept {
        return is_run(generation) && s.pid != 0;
    }
    bool is_auxiliary(std::uint32_t generation) const noexcept {
        return s.has_auxiliary && generation == s.auxiliary_generation;
    }
    bool is_group() const noexcept { return policy.type == ServiceType::Group; }
    bool is_oneshot() const noexcept { return policy.type == ServiceType::Oneshot; }

    /// Into another state; the timer of the one before ends.
    void enter(ServiceState state) noexcept;
    /// None for kForever.
    void arm(TimerKind kind, Duration after) noexcept;
    void disarm() noexcept;
    /// @returns whether the event is of the timer that runs, which has run out then
    bool is_due(const TimedOut& event) noexcept;

    void signal_run(int signal, Target target) noexcept;
    void signal_auxiliary(int signal, Target target) noexcept;
    void kill_groups() noexcept;
    void send_signal(int number) noexcept;

    void want(Wanted wanted) noexcept;
    /// Down, with as much time for it; what stops already is never given more than it has.
    void want_down(Patience patience) noexcept;
    void want_along() noexcept;
    /// A verb while something runs that must end first: remembered until it has.
    void want_after_the_end(Wanted wanted) noexcept;
    void forget_failures() noexcept;

    /// From wherever nothing runs towards a start, or towards waiting for whoever comes.
    void begin() noexcept;
    /// Towards a start, whether somebody comes or not.
    void begin_now() noexcept;
    void wait() noexcept;
    void demanded(MonotonicTime at) noexcept;
    void go_on_from_listening() noexcept;
    void begin_by_hand(Wanted wanted) noexcept;
    void go_down() noexcept;
    void rest(ServiceState state) noexcept;
    void fail_for(Obstacle obstacle) noexcept;

    void start() noexcept;
    void spawn(Role role) noexcept;
    void run_executed() noexcept;
    void become_ready() noexcept;

    /// Whether what runs is to end, now that it can be told.
    bool must_stop() const noexcept { return supervisor::must_stop(s); }
    /// Whether what is starting can be told to end.
    bool is_born() const noexcept { return s.has_run ? s.pid != 0 : s.auxiliary_pid != 0; }
    void stop() noexcept;
    void stop_if_born() noexcept;
    /// Nobody needs it any more who runs.
    void go_on_stopping() noexcept;
    void terminate(int signal) noexcept;
    /// A run that must not go on, whoever needs it.
    void cut_short(Failure why, int signal) noexcept;
    /// Nothing was done to it yet: as if there had been no stop.
    void resume() noexcept;

    /// Once more what may not have been done before its supervisor died.
    void repeat() noexcept;

    void run_ended(const Exited& exit) noexcept;
    void run_never_began(Duration lived, MonotonicTime at) noexcept;
    /// Run and stop program are both gone.
    void conclude() noexcept;
    void auxiliary_ended() noexcept;

    enum class Executed : std::uint8_t { No, Yes };
    enum class Finish : std::uint8_t { Agrees, GaveUp };
    /// Nothing runs: rest, start at once, or wait and start.
    void decide(Executed executed, Finish finish) noexcept;
    void judge(Executed executed, Finish finish) noexcept;
    void fail(Failure why) noexcept;
};

/// Handlers inherit this: what means the same in every state in which it means anything.
struct Handler {
    Transition& t;
};

/// std::visit for a variant that is never without a value: as all its types are trivial to copy,
/// there is nothing that could throw.
template <typename H>
void visit_event(H handler, const Event& event) noexcept {
    [&]<std::size_t... Index>(std::index_sequence<Index...>) {
        ((event.index() == Index ? handler(*std::get_if<Index>(&event)) : void()), ...);
    }
    (std::make_index_sequence<std::variant_size_v<Event>>());
}

void on_resting(Transition& t, const Event& event) noexcept;
void on_waiting(Transition& t, const Event& event) noexcept;
void on_starting(Transition& t, const Event& event) noexcept;
void on_running(Transition& t, const Event& event) noexcept;
void on_stopping(Transition& t, const Event& event) noexcept;
void on_finishing(Transition& t, const Event& event) noexcept;
void on_backoff(Transition& t, const Event& event) noexcept;
/// A group, in whatever state.
void on_group(Transition& t, const Event& event) noexcept;

}  // namespace mainstay::supervisor
