/// PID 1 at work: performs the effects that pid1_state decides on, and turns what happens (signals,
/// exits, messages, deadlines) into its events. Owns every process PID 1 started itself.
///
/// One thread, one poll. Nothing here waits for anything but that poll.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string_view>

#include "common/clock.h"
#include "common/exit_status.h"
#include "common/paths.h"
#include "common/unique_fd.h"
#include "init/child.h"
#include "init/entry_process.h"
#include "init/entry_table.h"
#include "init/extra_variables.h"
#include "init/fault_handler.h"
#include "init/helper.h"
#include "init/initctl.h"
#include "init/keeper.h"
#include "init/log.h"
#include "init/login_records.h"
#include "init/pid1_state.h"
#include "init/program_copy.h"
#include "init/signal_source.h"
#include "init/supervisor_link.h"
#include "init/watchdog.h"

namespace mainstay::init {

struct MachineOptions {
    const char* inittab = kInittab;
    std::optional<InittabStyle> style;
    bool in_container = false;
    Duration shutdown_timeout = std::chrono::minutes(5);
    FixedString<96> watchdog;  ///< of the command line; empty: none
    char first_level = '\0';   ///< of the command line: the level that the boot leads to
    /// What a boot's length counts from, by CLOCK_BOOTTIME: the kernel's start, or the container's.
    Duration started = Duration::zero();
};

/// What a program left to the one that goes on in its place.
struct Continuation {
    const PriorImage& image;
    const ReadBlock& read;
    Start start = Start::Upgraded;
    Recovery recovery = Recovery::Resume;
    bool has_fallen_back = false;  ///< the program that was to go on failed: this is the one before
    // Of those in the block, what is really open.
    UniqueFd program;
    UniqueFd previous;
    UniqueFd proc;
    UniqueFd watchdog;
    UniqueFd keeper;
    UniqueFd initctl;
};

class Machine : private Keeper::Kin {
  public:
    Machine(const MachineOptions& options, Log& log, const BirthLimits& limits,
            SignalSource& signals, StateMemory& memory) noexcept;

    /// Reserves memory. PID 1 allocates nothing after this.
    Result<void> prepare() noexcept;

    /// Which style the file is of, before it is read for the boot.
    InittabStyle look_at_inittab() noexcept;

    /// Reads inittab and begins the boot.
    void begin() noexcept;

    /// Goes on where another program was.
    void resume(Continuation continuation) noexcept;

    /// Runs the system until its end.
    /// @returns the exit code of a container where reboot(2) is refused; never for a machine
    int run() noexcept;

  private:
    void load_table() noexcept;

    // What outlives the program (machine_persist.cpp).
    void save() noexcept;
    Pid1Block to_block() noexcept;
    void save_state(Pid1Block& block) const noexcept;
    void save_waited(Pid1Block& block) const noexcept;
    void restore_state(const Pid1Block& block) noexcept;
    void restore_level(const Pid1Block& block) noexcept;
    void restore_waited(const Pid1Block& block) noexcept;
    void restore_table(const Continuation& continuation) noexcept;
    void restore_supervisor(const KeptPart& kept) noexcept;
    void take_boot_for_done() noexcept;
    void adopt_newborn() noexcept;
    void notice_the_dead() noexcept;

    // Another program in the place of this one (machine_upgrade.cpp).
    void start_upgrade() noexcept;
    void handle_program() noexcept;
    void execute(UniqueFd program) noexcept;
    void prove_worth() noexcept;
    void prepare_copy() noexcept;

    // What happens.
    void wait_for_something() noexcept;
    void handle_signals() noexcept;
    void handle_signal(const ReceivedSignal& received) noexcept;
    void handle_rare_signal(const ReceivedSignal& received) noexcept;
    void request(Request wanted, const ReceivedSignal& received,
                 Pace pace = Pace::InOrder) noexcept;
    void reap() noexcept;
    void handle_exit(pid_t pid, int wait_status, pid_t reaped_before = 0) noexcept;
    void handle_entry_exit(std::size_t index, std::optional<ExitStatus> status) noexcept;
    bool handle_helper_exit(pid_t pid, const ExitStatus& status) noexcept;
    void handle_link() noexcept;
    void handle_timers() noexcept;
    void tell_booted() noexcept;
    void tell_ready() noexcept;
    bool has_supervisor_entry() const noexcept;
    MonotonicTime next_timer() noexcept;

    // The supervisor and what is kept for it.
    void bury_supervisor(const ExitStatus& status, pid_t reaped_before) noexcept;
    void end_with_services(const ExitStatus& status) noexcept;
    void handle_unknown_exit(pid_t pid, int wait_status) noexcept;
    bool is_own(pid_t pid) noexcept override;
    void heed(SupervisorLink::Heard heard) noexcept;

    // What to do about it.
    void post(const Event& event) noexcept;
    void perform(const Effect& effect) noexcept;
    void perform(Do what) noexcept;
    void perform_ending(Do what) noexcept;
    Facts facts() noexcept;

    // Entries.
    void run_next(EntryClass wanted, bool is_first) noexcept;
    std::size_t next_to_run(EntryClass wanted) noexcept;
    void start_in_passing(std::size_t index) noexcept;
    void run_step(std::string_view name) noexcept;
    static bool step_needs_child(std::string_view name) noexcept;
    Result<pid_t> start_step(std::size_t index) noexcept;
    bool has_native_steps() const noexcept;
    void run_waited(std::size_t index) noexcept;
    void retry_waited() noexcept;
    void start_all(EntryClass wanted) noexcept;
    void start_respawning() noexcept;
    bool start_slot(std::size_t index) noexcept;
    Result<pid_t> start_supervisor(std::size_t index) noexcept;
    void schedule_restart(std::size_t index, Duration lived) noexcept;
    void reload() noexcept;
    void forget_process(pid_t pid, const Entry& entry) noexcept;
    EntryContext context() noexcept;

    // Runlevels (machine_level.cpp).
    void perform_level(Do what) noexcept;
    void announce_level() noexcept;
    void record(const LoginEvent& event) noexcept;
    void record_end(const Entry& entry, pid_t pid) noexcept;
    void leave_level() noexcept;
    void kill_level() noexcept;
    void name_leavers() noexcept;
    void end_entry(std::size_t index) noexcept;
    void reload_table() noexcept;
    void demand(char level) noexcept;
    bool may_stay(std::size_t index) const noexcept;
    bool has_leavers() noexcept;
    bool is_level_through() noexcept;
    void look_at_level() noexcept;

    // What sysvinit's tools ask for (machine_initctl.cpp).
    void handle_initctl() noexcept;
    void obey(const InitctlRequest& request) noexcept;
    void obey_level(char level, Duration patience) noexcept;
    void ask_level(char level, const ReceivedSignal& received) noexcept;
    void obey_variables(std::string_view text, ExtraVariables::Change change) noexcept;
    bool handle_sysvinit_signal(const ReceivedSignal& received) noexcept;

    // Going down.
    void ask_supervisor() noexcept;
    void hang_up_terminals() noexcept;
    void signal_all(int signal) noexcept;
    void notice_empty_system() noexcept;
    void start_helper(Do what) noexcept;
    void abandon_waited() noexcept;
    void forget_waited() noexcept;
    void name_waited() noexcept;
    int proc() noexcept;
    void end_system() noexcept;
    void restart_in_place() noexcept;

    static constexpr const char* kSyncName = "sync";
    static constexpr const char* kSwapOffName = "swapoff";
    static constexpr const char* kUnmountName = "unmounting";
    static constexpr std::size_t kMaxQueue = 16;
    static constexpr std::size_t kMaxLeaving = 64;
    static constexpr unsigned kMaxWaitedTries = 5;

    /// The entry that boot or shutdown waits for.
    struct Waited {
        std::size_t index = 0;  ///< in the table; kept right by reload()
        EntryClass entry_class = EntryClass::None;
        pid_t pid = 0;
        unsigned tries = 0;  ///< of forking it
        MonotonicTime since{};
        MonotonicTime retry_at{};
    };
    /// A process of an entry that a reload removed: it got TERM and gets KILL.
    struct Leaving {
        pid_t pid = 0;
        MonotonicTime kill_at{};
    };

    MachineOptions options_;
    Log& log_;
    const BirthLimits& limits_;
    SignalSource& signals_;
    StateMemory& memory_;
    EntryTable table_;
    Pid1State state_;
    FixedQueue<Event, kMaxQueue> queue_;
    bool draining_ = false;
    std::size_t cursor_ = 0;  ///< where run_next goes on
    EntryClass cursor_class_ = EntryClass::None;
    std::optional<Waited> waited_;
    FixedVector<Leaving, kMaxLeaving> leaving_;
    Keeper keeper_;
    SupervisorLink link_{keeper_};
    SupervisorPacing supervisor_pacing_;
    pid_t supervisor_pid_ = 0;
    Helper helper_;
    Initctl initctl_;
    bool initctl_is_due_ = false;  ///< poll has said so
    SeldomSaid initctl_nonsense_;
    ExtraVariables variables_;
    pid_t recorder_ = 0;  ///< who wrote a record of a login last
    bool is_up_ = false;  ///< the boot's entries have had their turn
    std::optional<MonotonicTime> deadline_;
    std::optional<MonotonicTime> shutdown_limit_;
    Duration terminate_limit_ = kTerminateLimit;
    Watchdog watchdog_;
    UniqueFd proc_;  ///< of /proc, which a shutdown entry may unmount
    std::optional<int> exit_code_;
    std::optional<int> services_code_;  ///< what a container ends with, as its services say

    Pid1Block saved_ = empty_block();
    std::uint64_t saves_ = 0;
    UniqueFd program_;   ///< what PID 1 runs
    UniqueFd previous_;  ///< what it ran before, until this one has proved its worth
    ProgramUpgrade upgrade_;
    UniqueFd next_program_;  ///< to be executed at the end of the turn
    UniqueFd program_copy_;  ///< a copy of this program under way, by the helper that syncs
};

}  // namespace mainstay::init
