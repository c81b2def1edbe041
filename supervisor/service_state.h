/// PURE. What a service does next: a snapshot, an event and a policy give the next snapshot and
/// effects as data. No clock, no errno, no log, no heap; service_set performs the effects and
/// feeds their outcome back as events.
///
/// The rules, all held by tests (tests/unit/supervisor/service_*):
///  - At most one run and one auxiliary process (setup, stop, finish, reload, failure) a service.
///    `pid` and `auxiliary_pid` are 0 where there is none, or where its birth has not been reported
///    yet; nothing is killed then.
///  - Every process has a generation of its own. Spawned, Executed, Exited... of another one are
///    late and change nothing. `timer` counts armed timers in the same way.
///  - One timer at a time, of the kind that timer_of() says. Reload and failure programs
///    have one besides, whose number is their generation.
///  - Verbs act from every state, the last one wins, and saying one twice is saying it once.
///  - A service on demand that nobody asked to run by hand waits for whoever comes to its sockets
///    (Listen) before anything else; when it has ended by itself it does so again.
///  - What other services have to do with it is asked by effects (CheckNeeds, CheckDependents) and
///    answered by events; how that is decided is the planner's.
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

/// Which program of a service a process runs. All but Run are auxiliary.
enum class Role : std::uint8_t {
    Setup,    ///< before each run
    Run,      ///< the service itself
    Stop,     ///< asks the run to end
    Finish,   ///< after each run
    Reload,   ///< beside the run
    Failure,  ///< of `on-failure-action = exec`, once it has failed for good
};
enum class TimerKind : std::uint8_t { Start, Watchdog, Stop, Finish, Backoff, Auxiliary };
/// Whom a signal is for: the process alone, or everything in its process group.
enum class Target : std::uint8_t { Process, Group };
/// How far a stop has gone. From Drain on, each stage that does not help in time gives way to the
/// next; Kill repeats itself.
enum class StopStage : std::uint8_t {
    Dependents,  ///< those that need it or come after it stop first; nothing was done yet
    Members,     ///< a group: its members were told to go down
    Drain,       ///< a logger that retires: its input was closed, it reads what is left and ends
    Program,     ///< its stop program runs
    Terminate,   ///< the stop signal, and CONT for who is stopped
    Kill,        ///< KILL to the group
};
/// Why a service that is wanted cannot even be tried. It is failed then, until that changes.
enum class Obstacle : std::uint8_t {
    None,
    NeedFailed,    ///< something that it needs failed for good
    NeedMissing,   ///< something that it needs, or a member of it, does not exist
    Cycle,         ///< it waits for itself, by way of others
    MemberFailed,  ///< a group: a member failed for good
    Definition,    ///< its definition cannot be used
};
/// Why a run was ended by us, or a service has failed for good.
enum class Failure : std::uint8_t {
    None,
    NotReady,         ///< not ready within the start timeout (oneshot: not done)
    Watchdog,         ///< no sign of life within the watchdog timeout
    SaidByFinish,     ///< its finish program ended with kFinishFailedForGood
    PermanentStatus,  ///< it ended with a status of permanent-failure-status
    RestartLimit,     ///< too many restarts within restart-limit-interval
    NotRestarted,     ///< it died, and the restart policy says that it stays so
    RanOnce,          ///< it died, and was to run once
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
    bool on_demand = false;     ///< started by whoever comes first to one of its sockets

    friend bool operator==(const Policy&, const Policy&) noexcept = default;
};

/// A finish program that exits with this says: failed for good, do not start again.
inline constexpr int kFinishFailedForGood = 125;

/// The whole truth about one service, comparable and printable.
struct Snapshot {
    ServiceState state = ServiceState::Down;
    Wanted wanted = Wanted::Down;
    StopStage stop_stage = StopStage::Terminate;  ///< means something in stopping only
    ServiceState resume =
        ServiceState::Starting;          ///< what a stop in stage Dependents can go back to
    Role auxiliary = Role::Setup;        ///< of the auxiliary process
    Obstacle obstacle = Obstacle::None;  ///< it ends for this, or has failed for it
    Failure failure = Failure::None;     ///< of this run; in failed: why
    bool has_run : 1 = false;            ///< a run was asked for, and is not over
    bool has_auxiliary : 1 = false;      ///< the same for an auxiliary process
    bool timer_armed : 1 = false;
    bool paused : 1 = false;          ///< stopped by a signal of ours
    bool by_hand : 1 = false;         ///< the next start was asked for: at once, failures forgotten
    bool held : 1 = false;            ///< stops for what it needs: waits when it has ended
    bool retired : 1 = false;         ///< stops for good, see Retire
    bool reloading : 1 = false;       ///< it said so
    bool announced_stop : 1 = false;  ///< it said that it ends
    bool patient : 1 = false;         ///< this stop has no timeout: Patience::Endless
    bool members_started : 1 = false;  ///< a group in waiting: now for its members
    bool listening : 1 = false;        ///< in waiting: for whoever comes to its sockets
    std::uint8_t sent_signal = 0;      ///< the last one that we sent to the run
    std::int32_t pid = 0;              ///< of the run, or what it said is its main process
    std::int32_t auxiliary_pid = 0;
    std::uint32_t generation = 0;  ///< of the run
    std::uint32_t auxiliary_generation = 0;
    std::uint32_t timer = 0;
    std::uint32_t short_runs = 0;   ///< runs in a row that ended early (common/restart_pacing.h)
    std::uint32_t restarts = 0;     ///< starts in a row that nobody asked for
    std::uint32_t limit_count = 0;  ///< restarts since limit_since, see restart_policy.h
    MonotonicTime limit_since{};
    ExitStatus last_exit;  ///< of the last run that was executed
    Duration last_lived{0};
    MonotonicTime ended_at{};      ///< the last run
    Duration watchdog = kForever;  ///< of this run

    friend bool operator==(const Snapshot&, const Snapshot&) noexcept = default;
};

/// Whether who is told to stop has the stop timeout for it, or any time, as runsv gives it.
enum class Patience : std::uint8_t { Timeout, Endless };

struct WantUp {};  ///< verb: run, and again whenever it ends, with all it needs
struct WantDown {  ///< verb: stop
    Patience patience = Patience::Timeout;
};
struct WantOnce {};    ///< verb: run (or go on running), but not again
struct Restart {};     ///< verb: WantUp, and what runs now is stopped first
struct TryRestart {};  ///< verb: Restart where it is up or on its way there
/// The service is removed or the system stops: WantDown, input drained first.
struct Retire {
    Patience patience = Patience::Timeout;
};
struct Reset {};  ///< verb: failed becomes down; restarts are counted from zero
/// verb: read the configuration again.
struct Reload {
    int signal = 0;  ///< how; 0: by its reload program. service_set fills it in.
};
/// verb: a signal for the service's process. STOP and CONT set and clear `paused`.
struct SendSignal {
    int number = 0;
};
/// From the planner: WantUp because another service needs or wants it, which sees to what this one
/// needs as well.
struct StartAlong {};
/// From the planner: WantDown, as a service that it conflicts with starts.
struct GiveWay {
    std::uint32_t to = 0;  ///< that service, as the planner counts
};
/// Somebody has come to a socket of a service that waits for that.
struct Demanded {
    MonotonicTime at{};
};
struct ListenFailed {  ///< answers Listen where its sockets cannot be had
    MonotonicTime at{};
};
struct NeedsMet {};        ///< what must come first has come; answers CheckNeeds
struct DependentsDown {};  ///< what must stop first has stopped; answers CheckDependents
struct HoldBack {};        ///< something that it needs stops: stop, and wait for it
/// It cannot run: stop, and be failed.
struct Block {
    Obstacle obstacle = Obstacle::NeedFailed;
};
struct Unblock {};       ///< the obstacle may be gone: find out
struct MembersReady {};  ///< a group: all are ready or done
struct MembersDown {};   ///< a group: nothing of them runs any more
struct MemberLeft {};    ///< a group: a member went down
/// The process exists. Its program is not executed yet.
struct Spawned {
    std::uint32_t generation = 0;
    std::int32_t pid = 0;
};
/// There is no process (any more), and it never became the program.
struct SpawnFailed {
    std::uint32_t generation = 0;
    MonotonicTime at{};
};
struct Executed {
    std::uint32_t generation = 0;
};
struct BecameReady {
    std::uint32_t generation = 0;
};
struct ReloadBegan {  ///< RELOADING=1
    std::uint32_t generation = 0;
};
struct ReloadEnded {  ///< READY=1 after that
    std::uint32_t generation = 0;
};
struct AnnouncedStop {  ///< STOPPING=1
    std::uint32_t generation = 0;
};
struct MainPid {
    std::uint32_t generation = 0;
    std::int32_t pid = 0;
};
struct WatchdogSet {
    std::uint32_t generation = 0;
    Duration timeout = kForever;  ///< zero or kForever: off
};
struct WatchdogPing {
    std::uint32_t generation = 0;
};
struct WatchdogTriggered {  ///< it says itself that it is stuck
    std::uint32_t generation = 0;
};
/// It asks for more time: whichever of start, stop and watchdog timer runs has this much left.
struct ExtendTimeout {
    std::uint32_t generation = 0;
    Duration timeout{0};
};
struct Exited {
    std::uint32_t generation = 0;
    ExitStatus status;
    Duration lived{0};
    MonotonicTime at{};
};
struct TimedOut {
    TimerKind kind = TimerKind::Stop;
    std::uint32_t timer = 0;
};

using Event =
    std::variant<WantUp, WantDown, WantOnce, Restart, TryRestart, Retire, Reset, Reload, SendSignal,
                 StartAlong, GiveWay, Demanded, ListenFailed, NeedsMet, DependentsDown, HoldBack,
                 Block, Unblock, MembersReady, MembersDown, MemberLeft, Spawned, SpawnFailed,
                 Executed, BecameReady, ReloadBegan, ReloadEnded, AnnouncedStop, MainPid,
                 WatchdogSet, WatchdogPing, WatchdogTriggered, ExtendTimeout, Exited, TimedOut>;

/// Find out whether it may start; NeedsMet is the answer when it may, Block when it cannot.
struct CheckNeeds {
    friend bool operator==(CheckNeeds, CheckNeeds) noexcept = default;
};
/// Open its sockets and wait for whoever comes; Demanded or ListenFailed is the answer.
struct Listen {
    friend bool operator==(Listen, Listen) noexcept = default;
};
/// Start what it needs and wants along with it, and stop what it conflicts with.
struct StartNeeds {
    friend bool operator==(StartNeeds, StartNeeds) noexcept = default;
};
/// Stop what needs it; DependentsDown is the answer when nothing that must stop before it runs.
struct CheckDependents {
    friend bool operator==(CheckDependents, CheckDependents) noexcept = default;
};
struct StartMembers {
    friend bool operator==(StartMembers, StartMembers) noexcept = default;
};
struct StopMembers {
    friend bool operator==(StopMembers, StopMembers) noexcept = default;
};
/// Make a process. Spawned or SpawnFailed is the answer, then Executed, SpawnFailed or Exited.
struct Spawn {
    Role role = Role::Run;
    std::uint32_t generation = 0;
    friend bool operator==(const Spawn&, const Spawn&) noexcept = default;
};
struct Kill {
    std::uint32_t generation = 0;
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
/// It failed for good: reboot, power off or exit, as the policy says.
struct TakeDown {
    FailureAction action = FailureAction::None;
    friend bool operator==(const TakeDown&, const TakeDown&) noexcept = default;
};

using Effect = std::variant<CheckNeeds, Listen, StartNeeds, CheckDependents, StartMembers,
                            StopMembers, Spawn, Kill, CloseInput, Arm, Disarm, TakeDown>;
using Effects = FixedVector<Effect, 8>;

struct Step {
    Snapshot next;
    Effects effects;
    bool ignored = false;  ///< the event means nothing in this state; tests count them
};

[[nodiscard]] Step step(const Snapshot& snapshot, const Event& event,
                        const Policy& policy) noexcept;

/// Whether the effects of the step that led to a snapshot are known to be done.
enum class Performed : std::uint8_t { Yes, Unknown };

/// What a supervisor has to do that finds this snapshot, left by one that died at any moment: what
/// is true of the state anyway, and what may not have been done yet. Processes that were asked for
/// and not born, timers and what other services have to do with it are not its business.
[[nodiscard]] Effects resume(const Snapshot& snapshot, const Policy& policy,
                             Performed performed) noexcept;

/// Whether an effect is lost where nobody does it again: not one of those that resume() emits for
/// every snapshot, or that its caller sees to.
bool is_to_be_performed(const Effect& effect) noexcept;

/// Whether nothing runs and nothing will until somebody asks.
bool is_resting(ServiceState state) noexcept;

/// Whether the process is the service itself, executed.
bool is_running(ServiceState state) noexcept;

/// The one timer that a state may have. States without: Start, which is never armed then.
TimerKind timer_of(ServiceState state) noexcept;

/// Whether what was started is to end.
inline bool must_stop(const Snapshot& snapshot) noexcept {
    return snapshot.wanted == Wanted::Down || snapshot.held || snapshot.obstacle != Obstacle::None;
}

/// Whether the service has a process, or will have one that was asked for.
inline bool has_process(const Snapshot& snapshot) noexcept {
    return snapshot.has_run || snapshot.has_auxiliary;
}

}  // namespace mainstay::supervisor
