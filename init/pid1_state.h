/// PURE. What PID 1 does next: boot in order, keep going, go down in order. A snapshot and an event
/// give the next snapshot and the effects to perform, as data. No clock, no errno, no log, no
/// processes.
///
/// The loop (init/machine) performs the effects and posts what comes of them as further events.
/// The table of phases and events is printed into docs/pid1-states.md by a test.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>

#include "common/clock.h"
#include "common/fixed.h"
#include "init/inittab_plan.h"

namespace mainstay::init {

enum class Phase : std::uint8_t {
    New,              ///< nothing happened yet
    Sysinit,          ///< sysinit entries and native steps, one after the other
    Wait,             ///< wait entries, one after the other
    Running,          ///< the system is up; once and respawn entries run
    StopSupervisor,   ///< the supervisor stops its services, in order
    ShutdownEntries,  ///< shutdown entries, one after the other
    Terminate,        ///< everybody got TERM
    Kill,             ///< everybody left got KILL
    Sync,
    SwapOff,
    Unmount,  ///< up to kUnmountRounds
    Ended,    ///< reboot(2), exit, or exec of the restart entry is under way
    /// What is not in the new runlevel ends; Wait follows. Stands last because the numbers of
    /// phases are kept (pid1_block.h), not because it comes last.
    ChangeLevel,
};
inline constexpr std::size_t kPhaseCount = 13;

/// What was asked for, weakest first: a later, stronger request overrides an earlier one while the
/// system goes down, a weaker one does not. The more final wins.
enum class Request : std::uint8_t { None, Restart, Kexec, Reboot, Halt, PowerOff };

std::string_view to_string(Phase phase) noexcept;
std::string_view to_string(Request request) noexcept;

inline constexpr std::uint8_t kUnmountRounds = 3;
inline constexpr std::size_t kImpatientPresses = 7;
inline constexpr Duration kImpatientWithin = std::chrono::seconds(2);

/// Deadlines of the design's shutdown table, and when a slow boot entry is named.
inline constexpr Duration kFirstNaming = std::chrono::seconds(30);
inline constexpr Duration kNextNaming = std::chrono::seconds(60);
inline constexpr Duration kSupervisorSilence = std::chrono::seconds(10);
inline constexpr Duration kShutdownEntryLimit = std::chrono::seconds(60);
inline constexpr Duration kTerminateLimit = std::chrono::seconds(5);
inline constexpr int kMostPatienceSeconds = 300;  ///< that `shutdown -t` may put in its place
inline constexpr Duration kKillLimit = std::chrono::seconds(2);
inline constexpr Duration kSyncLimit = std::chrono::seconds(30);
inline constexpr Duration kSwapOffLimit = std::chrono::seconds(30);
/// Between TERM and KILL where nobody says how long.
inline constexpr Duration kLevelPatience = std::chrono::seconds(3);
inline constexpr Duration kUnmountLimit = std::chrono::seconds(10);

/// sysvinit's runlevel. In busybox's style there is none, and everything stays as it is here.
struct Runlevel {
    char current = '\0';  ///< '#' during sysinit, '*' during boot and bootwait, then 0-9 or S
    char previous = 'N';
    bool has_booted = false;       ///< the boot entries have had their turn
    bool kills = false;            ///< ChangeLevel: who did not end when asked to was killed
    Request then = Request::None;  ///< asked for, and due when the entries of 0 or 6 are through
    Duration patience{0};          ///< between TERM and KILL

    friend bool operator==(const Runlevel&, const Runlevel&) noexcept = default;
};

struct Pid1State {
    Phase phase = Phase::New;
    Request request = Request::None;
    bool paused = false;           ///< TSTP: no respawning until CONT
    bool reload_waits = false;     ///< HUP came during boot: inittab is read again at its end
    std::uint8_t round = 0;        ///< of unmounting, from 1
    std::uint32_t generation = 0;  ///< of the armed deadline; an older one is late and ignored
    FixedVector<MonotonicTime, kImpatientPresses> presses;  ///< the latest ctrl-alt-del presses
    Runlevel level;

    friend bool operator==(const Pid1State&, const Pid1State&) noexcept = default;
};

/// What step() must know about the world; read by the loop just before the call.
struct Facts {
    bool in_container = false;  ///< disks and swap are not ours to take down
    bool supervisor_runs = false;
    bool waits_for_process = false;  ///< the entry or helper that the phase waits for is running
    bool has_ctrl_alt_del_entry = false;
    bool has_power_fail_entry = false;
    bool has_restart_entry = false;
    Duration terminate_limit = kTerminateLimit;  ///< `shutdown -t` may say another
    bool has_power_low_entry = false;
    bool supervisor_leaves = false;  ///< it runs, and is not in the runlevel
    // Of sysvinit's style:
    char first_level = '\0';      ///< that the boot leads to
    char default_level = '\0';    ///< of the initdefault entry; NUL: there are no runlevels
    bool has_halt_level = false;  ///< an entry names level 0
    bool has_reboot_level = false;
    bool halts = false;  ///< INIT_HALT=HALT: level 0 does not switch the power off
};

// Events.
struct Begin {};
/// The entry or helper that was waited for ended, or could not be started.
struct WaitedEnded {};
/// RunNext found no further entry of its class.
struct NoneLeft {};
enum class Pace : std::uint8_t {
    InOrder,
    AtOnce,  ///< services and shutdown entries are not asked, but sent TERM with all others
};
struct Requested {
    Request request;
    Pace pace = Pace::InOrder;
};
struct CtrlAltDel {
    MonotonicTime at;
};
/// What is known of the power supply: powerstatus's F, L and O.
enum class Power : std::uint8_t { Fails, IsLow, IsBack };
struct PowerChanged {
    Power power;
};
/// Another runlevel, of '0' to '9' and 'S'.
struct LevelAsked {
    char level;
    Duration patience;
};
/// Nothing runs any more that is not in the new runlevel.
struct OldLevelGone {};
/// Nothing of level 0, 6 or S runs any more.
struct LevelThrough {};
/// Entries were marked to run on demand.
struct DemandAsked {};
struct KeyboardRequest {};
struct ReloadAsked {};
struct PauseAsked {};
struct ResumeAsked {};
struct SupervisorProgressed {};
struct SupervisorEnded {};
/// No child of PID 1 is left.
struct NobodyLeft {};
/// Helpers told that nothing is mounted any more that should not be.
struct AllUnmounted {};
struct DeadlinePassed {
    std::uint32_t generation;
};
/// The limit of the whole shutdown passed.
struct ShutdownLimitPassed {};
/// PID 1 itself failed and goes on from a snapshot: what the phase had to begin was begun, or not.
struct Recovered {};

using Event =
    std::variant<Begin, WaitedEnded, NoneLeft, Requested, CtrlAltDel, PowerChanged, LevelAsked,
                 OldLevelGone, LevelThrough, DemandAsked, KeyboardRequest, ReloadAsked, PauseAsked,
                 ResumeAsked, SupervisorProgressed, SupervisorEnded, NobodyLeft, AllUnmounted,
                 DeadlinePassed, ShutdownLimitPassed, Recovered>;

// Effects.
/// Start the next entry of a class and wait for its end: WaitedEnded or NoneLeft follows.
struct RunNext {
    EntryClass entry_class;
    bool is_first = false;  ///< the class is gone through anew
    friend bool operator==(const RunNext&, const RunNext&) noexcept = default;
};
/// Start all entries of a class, waiting for none.
struct StartAll {
    EntryClass entry_class;
    friend bool operator==(const StartAll&, const StartAll&) noexcept = default;
};
/// Post DeadlinePassed with the snapshot's generation after so long. Replaces the one before.
struct Arm {
    Duration after;
    friend bool operator==(const Arm&, const Arm&) noexcept = default;
};
/// What takes no argument.
enum class Do : std::uint8_t {
    Disarm,
    ArmShutdownLimit,
    NameWaited,        ///< say which entry is waited for, and for how long
    NameLeft,          ///< say which processes are left
    Reload,            ///< read inittab again
    ResumeRespawning,  ///< start what should run and does not
    AskSupervisor,     ///< to stop its services
    AbandonWaited,     ///< kill the waited entry or helper, do not wait for it any more
    TerminateAll,
    KillAll,
    StartSync,
    StartSwapOff,
    StartUnmount,
    RecordBoot,     ///< in utmp and wtmp: sysinit is through
    AnnounceLevel,  ///< the current one is entered
    LeaveLevel,     ///< read inittab again; TERM to what is not in the current level
    KillLevel,      ///< KILL to what is not in it
    NameLeavers,    ///< say what is not in it and still runs
    EndSystem,      ///< as the snapshot's request says
    ResetNow,       ///< sync and reset without any order
};
using Effect = std::variant<RunNext, StartAll, Arm, Do>;
using Effects = FixedVector<Effect, 6>;

struct Step {
    Pid1State next;
    Effects effects;
};

[[nodiscard]] Step step(const Pid1State& state, const Event& event, const Facts& facts) noexcept;

/// Whether entries are started and restarted in this state.
bool respawns(const Pid1State& state) noexcept;
/// The same, but for the phase: not while paused, nor in the levels that end the system.
bool may_respawn(const Pid1State& state) noexcept;

/// Whether the system is on its way down, or at its end.
bool is_going_down(const Pid1State& state) noexcept;
bool is_going_down(Phase phase) noexcept;

/// What RUNLEVEL says to processes: the boot is S.
char shown_level(const Runlevel& level) noexcept;

}  // namespace mainstay::init
