/// PURE. What a service does next: a snapshot, an event and a policy give the next snapshot and
/// effects as data. No clock, no errno, no log, no heap; service_set performs the effects and
/// feeds their outcome back as events.
///
/// The rules, all held by tests (tests/unit/supervisor/service_state_*):
///  - At most one live process a service, be it run or finish. `pid` is 0 where there is none, or
///    where its birth has not been reported yet; nothing is killed then.
///  - `generation` counts processes. Spawned, Executed, Exited... of another generation are late
///    and change nothing. `timer` counts armed timers in the same way.
///  - One timer at a time: Stop in stopping, Finish in finishing, Backoff in backoff; in no other
///    state is one armed.
///  - Verbs act from every state, the last one wins, and saying one twice is saying it once.
/// The whole table is printed in docs/service-states.md.
#pragma once

#include <array>
#include <csignal>
#include <cstdint>
#include <string_view>
#include <variant>

#include "common/exit_status.h"
#include "common/fixed.h"
#include "common/restart_pacing.h"
#include "common/service_view.h"
#include "common/units.h"
#include "supervisor/status_set.h"

namespace mainstay::supervisor {

enum class ServiceType : std::uint8_t {
    Longrun,  ///< runs until it is stopped
    Oneshot,  ///< runs once, and is done when it ends with success
    Group,    ///< no process: its members
};
/// What a death means that nobody asked for.
enum class RestartPolicy : std::uint8_t { Always, OnFailure, Never };
/// What a service that failed for good takes with it.
enum class FailureAction : std::uint8_t { None, Reboot, Poweroff, Exit, Exec };

/// Which program of a service a process runs.
enum class Role : std::uint8_t { Run, Finish };
enum class TimerKind : std::uint8_t { Stop, Finish, Backoff };
/// Whom a signal is for: the process alone, or everything in its process group.
enum class Target : std::uint8_t { Process, Group };
/// How far a stop has gone. Each stage that does not help within the stop timeout gives way to the
/// next; Kill repeats itself.
enum class StopStage : std::uint8_t {
    Drain,      ///< a logger that retires: its input was closed, it reads what is left and ends
    Terminate,  ///< the stop signal, and CONT for who is stopped
    Kill,       ///< KILL to the group
};
/// What makes a running service ready.
enum class Readiness : std::uint8_t {
    Exec,        ///< that its program was executed
    Descriptor,  ///< a newline on its notification descriptor, as s6 has it
    Notify,      ///< READY=1 on its notify socket, as sd_notify(3) has it
    Check,       ///< that its check program succeeds
};

std::string_view to_string(ServiceType type) noexcept;
std::string_view to_string(RestartPolicy policy) noexcept;
std::string_view to_string(FailureAction action) noexcept;
std::string_view to_string(Readiness readiness) noexcept;
std::string_view to_string(Role role) noexcept;
std::string_view to_string(TimerKind kind) noexcept;
std::string_view to_string(StopStage stage) noexcept;

/// What of a definition concerns the state machine. Timeouts of kForever are none.
struct Policy {
    PacingPolicy pacing;
    std::uint32_t restart_limit_count = 0;  ///< this many restarts within the interval; 0: any
    Duration restart_limit_interval = std::chrono::seconds(10);
    Duration start_timeout = std::chrono::seconds(60);
    Duration stop_timeout = std::chrono::seconds(10);
    Duration finish_timeout = std::chrono::seconds(10);
    Duration watchdog_timeout = kForever;
    StatusSet success_status = exit_zero();  ///< besides the signal that we sent
    StatusSet permanent_failure_status;
    int stop_signal = SIGTERM;
    ServiceType type = ServiceType::Longrun;
    RestartPolicy restart = RestartPolicy::Always;
    FailureAction on_failure = FailureAction::None;
    Readiness readiness = Readiness::Exec;
    bool has_setup = false;
    bool has_stop_program = false;
    bool has_finish = false;
    bool drains_input = false;  ///< a logger: retires by reading its input to the end

    friend bool operator==(const Policy&, const Policy&) noexcept = default;
};

/// A finish program that exits with this says: failed for good, do not start again.
inline constexpr int kFinishFailedForGood = 125;

/// The whole truth about one service, comparable and printable.
struct Snapshot {
    ServiceState state = ServiceState::Down;
    Wanted wanted = Wanted::Down;
    bool paused = false;   ///< stopped by a signal of ours
    bool by_hand = false;  ///< the next start was asked for: at once, failures forgotten
    bool retired = false;  ///< stops for good, see Retire
    bool timer_armed = false;
    StopStage stop_stage = StopStage::Terminate;  ///< means something in stopping only
    std::int32_t pid = 0;
    std::uint32_t generation = 0;
    std::uint32_t timer = 0;
    std::uint32_t short_runs = 0;  ///< runs in a row that ended early (common/restart_pacing.h)
    std::uint32_t restarts = 0;    ///< starts in a row that nobody asked for
    ExitStatus last_exit;          ///< of the last run that was executed
    Duration last_lived{0};

    friend bool operator==(const Snapshot&, const Snapshot&) noexcept = default;
};

struct WantUp {};    ///< verb: run, and again whenever it ends
struct WantDown {};  ///< verb: stop
struct WantOnce {};  ///< verb: run (or go on running), but not again
struct Restart {};   ///< verb: WantUp, and what runs now is stopped first
struct Retire {};    ///< the service is removed or the system stops: WantDown, input drained first
/// verb: a signal for the service's process. STOP and CONT set and clear `paused`.
struct SendSignal {
    int number = 0;
};
struct NeedsMet {};  ///< what must come first has come; answers CheckNeeds
/// The process exists. Its program is not executed yet.
struct Spawned {
    std::uint32_t generation = 0;
    std::int32_t pid = 0;
};
/// There is no process (any more), and it never became the program.
struct SpawnFailed {
    std::uint32_t generation = 0;
};
struct Executed {
    std::uint32_t generation = 0;
};
struct BecameReady {
    std::uint32_t generation = 0;
};
struct Exited {
    std::uint32_t generation = 0;
    ExitStatus status;
    Duration lived{0};
};
struct TimedOut {
    TimerKind kind = TimerKind::Stop;
    std::uint32_t timer = 0;
};

using Event = std::variant<WantUp, WantDown, WantOnce, Restart, Retire, SendSignal, NeedsMet,
                           Spawned, SpawnFailed, Executed, BecameReady, Exited, TimedOut>;

/// Find out whether it may start; NeedsMet is the answer, when it may.
struct CheckNeeds {
    friend bool operator==(CheckNeeds, CheckNeeds) noexcept = default;
};
/// Make a process. Spawned or SpawnFailed is the answer, then Executed, SpawnFailed or Exited.
struct Spawn {
    Role role = Role::Run;
    std::uint32_t generation = 0;
    friend bool operator==(const Spawn&, const Spawn&) noexcept = default;
};
struct Kill {
    std::int32_t pid = 0;
    int signal = 0;
    Target target = Target::Process;
    friend bool operator==(const Kill&, const Kill&) noexcept = default;
};
/// Close what feeds the service's standard input, so that it reads the rest and then an end.
struct CloseInput {
    friend bool operator==(CloseInput, CloseInput) noexcept = default;
};
struct Arm {
    TimerKind kind = TimerKind::Stop;
    std::uint32_t timer = 0;
    Duration after{0};
    friend bool operator==(const Arm&, const Arm&) noexcept = default;
};
struct Disarm {
    TimerKind kind = TimerKind::Stop;
    std::uint32_t timer = 0;
    friend bool operator==(const Disarm&, const Disarm&) noexcept = default;
};

using Effect = std::variant<CheckNeeds, Spawn, Kill, CloseInput, Arm, Disarm>;
using Effects = FixedVector<Effect, 6>;

struct Step {
    Snapshot next;
    Effects effects;
    bool ignored = false;  ///< the event means nothing in this state; tests count them
};

[[nodiscard]] Step step(const Snapshot& snapshot, const Event& event,
                        const Policy& policy) noexcept;

/// Whether nothing runs and nothing will until somebody asks.
bool is_resting(ServiceState state) noexcept;

/// Whether the process is the service itself, executed.
bool is_running(ServiceState state) noexcept;

}  // namespace mainstay::supervisor
