#include "init/pid1_state.h"

#include <algorithm>

namespace mainstay::init {
namespace {

constexpr std::array<std::string_view, kPhaseCount> kPhaseWords{
    "new",  "sysinit", "wait",    "running", "stop-supervisor", "shutdown-entries", "terminate",
    "kill", "sync",    "swapoff", "unmount", "ended",           "change-level"};
static_assert(static_cast<std::size_t>(Phase::ChangeLevel) + 1 == kPhaseCount);
static_assert(std::variant_size_v<Event> == 21, "handle the new event in Stepper and its test");

constexpr Duration kLeastPatience = std::chrono::milliseconds(1);

/// One step in the making: the snapshot changes, effects collect.
class Stepper {
  public:
    Stepper(const Pid1State& state, const Facts& facts) noexcept
        : step_{state, {}}, facts_(facts) {}

    Step take() noexcept { return step_; }

    void operator()(const Begin&) noexcept {
        if (phase() == Phase::New) {
            step_.next.level.current = has_levels() ? kSysinitLevel : '\0';
            enter_entries(Phase::Sysinit);
        }
    }

    void operator()(const WaitedEnded&) noexcept {
        switch (phase()) {
            case Phase::Sysinit:
            case Phase::Wait:
            case Phase::ShutdownEntries:
                enter_entries(phase());
                break;
            case Phase::Sync:
                enter_swap_off();
                break;
            case Phase::SwapOff:
                enter_unmount();
                break;
            case Phase::Unmount:
                next_unmount_round();
                break;
            case Phase::New:
            case Phase::Running:
            case Phase::StopSupervisor:
            case Phase::Terminate:
            case Phase::Kill:
            case Phase::Ended:
            case Phase::ChangeLevel:
                break;
        }
    }

    void operator()(const NoneLeft&) noexcept {
        if (phase() == Phase::Sysinit) {
            leave_sysinit();
        } else if (phase() == Phase::Wait && step_.next.level.current == kBootLevel) {
            step_.next.level.has_booted = true;
            const bool was_single = facts_.first_level == 'S';
            enter_level(was_single ? facts_.default_level : facts_.first_level, 'N');
        } else if (phase() == Phase::Wait) {
            enter_running();
        } else if (phase() == Phase::ShutdownEntries) {
            enter_terminate();
        }
    }

    void operator()(const Requested& event) noexcept {
        if (event.pace == Pace::InOrder || event.request <= Request::Restart ||
            (is_going_down() && phase() >= Phase::Terminate)) {
            request(event.request);
            return;
        }
        if (!is_going_down()) {
            add(Do::ArmShutdownLimit);
        }
        step_.next.request = std::max(step_.next.request, event.request);
        add(Do::AbandonWaited);
        enter_terminate();
    }

    void operator()(const CtrlAltDel& event) noexcept {
        if (phase() == Phase::Ended) {
            return;
        }
        remember_press(event.at);
        if (is_impatient()) {
            add(Do::ResetNow);
            step_.next.phase = Phase::Ended;
        } else if (facts_.has_ctrl_alt_del_entry && !is_going_down()) {
            add(StartAll{EntryClass::CtrlAltDel});
        } else {
            request(Request::Reboot);
        }
    }

    void operator()(const PowerChanged& event) noexcept {
        if (event.power == Power::IsBack) {
            if (!is_going_down()) {
                add(StartAll{EntryClass::PowerOk});
            }
            return;
        }
        const bool is_low = event.power == Power::IsLow;
        const bool has_entry = is_low ? facts_.has_power_low_entry : facts_.has_power_fail_entry;
        if (has_entry && !is_going_down()) {
            add(StartAll{is_low ? EntryClass::PowerLow : EntryClass::PowerFail});
        } else {
            request(Request::PowerOff);
        }
    }

    void operator()(const LevelAsked& event) noexcept {
        if (!has_levels()) {
            request_by_level(event.level);
        } else if (!is_going_down() && phase() != Phase::New &&
                   event.level != step_.next.level.current) {
            change_level(event.level, event.patience);
        }
    }

    void operator()(const OldLevelGone&) noexcept {
        if (phase() == Phase::ChangeLevel) {
            walk_level();
        }
    }

    void operator()(const LevelThrough&) noexcept {
        const Runlevel& level = step_.next.level;
        if (phase() != Phase::Running) {
            return;
        }
        if (level.current == 'S') {
            leave_single_user();
        } else if (level.then != Request::None) {
            request(level.then);
        } else {
            request_by_level(level.current);
        }
    }

    void operator()(const DemandAsked&) noexcept {
        if (phase() == Phase::Running && has_levels()) {
            walk_level();
        }
    }

    void operator()(const KeyboardRequest&) noexcept {
        if (!is_going_down()) {
            add(StartAll{EntryClass::KbRequest});
        }
    }

    void operator()(const ReloadAsked&) noexcept {
        if (phase() == Phase::Running) {
            add(Do::Reload);
            if (has_levels()) {
                walk_level();
            }
        } else {
            // While boot waits for an entry, that entry must stay where it is.
            step_.next.reload_waits = !is_going_down();
        }
    }

    void operator()(const PauseAsked&) noexcept { step_.next.paused = true; }

    void operator()(const ResumeAsked&) noexcept {
        step_.next.paused = false;
        if (respawns(step_.next)) {
            add(Do::ResumeRespawning);
        }
    }

    void operator()(const SupervisorProgressed&) noexcept {
        if (phase() == Phase::StopSupervisor ||
            (phase() == Phase::ChangeLevel && step_.next.level.kills)) {
            arm(kSupervisorSilence);
        }
    }

    void operator()(const SupervisorEnded&) noexcept {
        if (phase() == Phase::StopSupervisor) {
            enter_entries(Phase::ShutdownEntries);
        }
    }

    void operator()(const NobodyLeft&) noexcept {
        if (phase() == Phase::Terminate || phase() == Phase::Kill) {
            leave_processes_behind();
        }
    }

    void operator()(const AllUnmounted&) noexcept {
        if (phase() == Phase::Unmount) {
            end_system();
        }
    }

    void operator()(const DeadlinePassed& event) noexcept {
        if (event.generation == step_.next.generation) {
            on_deadline();
        }
    }

    void operator()(const ShutdownLimitPassed&) noexcept {
        if (is_going_down() && phase() != Phase::Ended) {
            add(Do::NameLeft);
            end_system();
        }
    }

    /// Whatever the phase began is begun once more where doing it twice does no harm, and where it
    /// does only if it is not running. Deadlines start anew: the one that was armed may be lost.
    void operator()(const Recovered&) noexcept {
        switch (phase()) {
            case Phase::New:
                enter_entries(Phase::Sysinit);
                break;
            case Phase::Running:
                enter_running();
                break;
            case Phase::StopSupervisor:
                stop_supervisor();
                break;
            case Phase::Terminate:
                enter_terminate();
                break;
            case Phase::Kill:
                enter_kill();
                break;
            case Phase::Ended:
                end_system();
                break;
            case Phase::ChangeLevel:
                leave_level();
                break;
            case Phase::Sysinit:
            case Phase::Wait:
            case Phase::ShutdownEntries:
            case Phase::Sync:
            case Phase::SwapOff:
            case Phase::Unmount:
                recover_waiting();
                break;
        }
    }

  private:
    Phase phase() const noexcept { return step_.next.phase; }
    bool is_going_down() const noexcept { return init::is_going_down(step_.next); }
    bool has_levels() const noexcept { return facts_.default_level != '\0'; }

    void add(Effect effect) noexcept {
        // Never full: the random walks of the test fail when a step comes within one of the
        // capacity.
        (void)step_.effects.push_back(effect);
    }

    void arm(Duration after) noexcept {
        ++step_.next.generation;
        add(Arm{after});
    }

    void disarm() noexcept {
        ++step_.next.generation;
        add(Do::Disarm);
    }

    void enter_entries(Phase entered) noexcept {
        step_.next.phase = entered;
        if (entered == Phase::ShutdownEntries) {
            add(RunNext{EntryClass::Shutdown});
            arm(kShutdownEntryLimit);
            return;
        }
        add(RunNext{entered == Phase::Sysinit ? EntryClass::Sysinit : EntryClass::Wait});
        arm(kFirstNaming);
    }

    void enter_running() noexcept {
        if (step_.next.reload_waits && has_levels()) {
            // What is new in the file may have to be waited for.
            step_.next.reload_waits = false;
            add(Do::Reload);
            walk_level();
            return;
        }
        step_.next.phase = Phase::Running;
        disarm();
        if (step_.next.reload_waits) {
            step_.next.reload_waits = false;
            add(Do::Reload);
        }
        add(StartAll{EntryClass::Once});
        if (may_respawn(step_.next)) {
            add(Do::ResumeRespawning);
        }
    }

    // ---- runlevels --------------------------------------------------------------------------

    void leave_sysinit() noexcept {
        if (!has_levels()) {
            enter_entries(Phase::Wait);
            return;
        }
        add(Do::RecordBoot);
        if (facts_.first_level == 'S') {
            enter_level('S', 'N');
        } else {
            step_.next.level.current = kBootLevel;
            walk_level();
        }
    }

    /// Goes through the entries of the current level, from the first on.
    void walk_level() noexcept {
        step_.next.phase = Phase::Wait;
        add(RunNext{EntryClass::Wait, true});
        arm(kFirstNaming);
    }

    /// Where nothing has to end first.
    void enter_level(char level, char previous) noexcept {
        step_.next.level.current = level;
        step_.next.level.previous = previous;
        add(Do::AnnounceLevel);
        walk_level();
    }

    void change_level(char level, Duration patience) noexcept {
        Runlevel& changing = step_.next.level;
        changing.previous = shown_level(changing);
        changing.current = level;
        changing.then = Request::None;
        changing.patience = std::max<Duration>(patience, kLeastPatience);
        add(Do::AnnounceLevel);
        leave_level();
    }

    void leave_level() noexcept {
        step_.next.phase = Phase::ChangeLevel;
        step_.next.level.kills = false;
        // It is read anyway.
        step_.next.reload_waits = false;
        add(Do::LeaveLevel);
        arm(step_.next.level.patience);
    }

    void on_level_deadline() noexcept {
        add(Do::NameLeavers);
        if (step_.next.level.kills) {
            walk_level();
            return;
        }
        step_.next.level.kills = true;
        add(Do::KillLevel);
        // The supervisor is not killed: its services are stopped in their order.
        arm(facts_.supervisor_leaves ? kSupervisorSilence : kKillLimit);
    }

    /// The shell was left: the boot goes on, or the level that the system usually has.
    void leave_single_user() noexcept {
        if (step_.next.level.has_booted || facts_.default_level == 'S') {
            enter_level(facts_.default_level, 'S');
        } else {
            step_.next.level.current = kBootLevel;
            walk_level();
        }
    }

    void request_by_level(char level) noexcept {
        if (level == '0') {
            request(facts_.halts ? Request::Halt : Request::PowerOff);
        } else if (level == '6') {
            request(Request::Reboot);
        }
    }

    /// Whether scripts of a level are to stop what those of other levels have started, before the
    /// system goes down. Only once: who asks again means at once.
    bool goes_by_level(Request wanted) const noexcept {
        const char current = step_.next.level.current;
        if (!has_levels() || wanted == Request::Restart || is_going_down() ||
            phase() == Phase::New || current == '0' || current == '6') {
            return false;
        }
        return level_of(wanted) == '6' ? facts_.has_reboot_level : facts_.has_halt_level;
    }

    static char level_of(Request wanted) noexcept {
        return wanted == Request::Reboot || wanted == Request::Kexec ? '6' : '0';
    }

    void request(Request wanted) noexcept {
        if (wanted == Request::Restart && !facts_.has_restart_entry) {
            return;
        }
        if (goes_by_level(wanted)) {
            change_level(level_of(wanted), kLevelPatience);
            step_.next.level.then = wanted;
            return;
        }
        wanted = std::max(wanted, step_.next.level.then);
        if (phase() == Phase::Ended || wanted <= step_.next.request) {
            return;
        }
        step_.next.request = wanted;
        if (is_going_down()) {
            return;
        }
        add(Do::ArmShutdownLimit);
        stop_supervisor();
    }

    void stop_supervisor() noexcept {
        if (facts_.supervisor_runs) {
            step_.next.phase = Phase::StopSupervisor;
            add(Do::AskSupervisor);
            arm(kSupervisorSilence);
        } else {
            enter_entries(Phase::ShutdownEntries);
        }
    }

    void enter_terminate() noexcept {
        step_.next.phase = Phase::Terminate;
        add(Do::TerminateAll);
        arm(facts_.terminate_limit);
    }

    void enter_kill() noexcept {
        step_.next.phase = Phase::Kill;
        add(Do::KillAll);
        arm(kKillLimit);
    }

    void leave_processes_behind() noexcept {
        if (facts_.in_container || step_.next.request == Request::Restart) {
            end_system();
            return;
        }
        enter_sync();
    }

    void enter_sync() noexcept {
        step_.next.phase = Phase::Sync;
        add(Do::StartSync);
        arm(kSyncLimit);
    }

    void enter_swap_off() noexcept {
        step_.next.phase = Phase::SwapOff;
        add(Do::StartSwapOff);
        arm(kSwapOffLimit);
    }

    void enter_unmount() noexcept {
        step_.next.phase = Phase::Unmount;
        next_unmount_round();
    }

    void next_unmount_round() noexcept {
        if (step_.next.round == kUnmountRounds) {
            end_system();
            return;
        }
        ++step_.next.round;
        add(Do::StartUnmount);
        arm(kUnmountLimit);
    }

    /// In a phase that waits for one process at a time.
    void recover_waiting() noexcept {
        if (facts_.waits_for_process) {
            arm(limit_of_waiting());
            return;
        }
        switch (phase()) {
            case Phase::Sync:
                enter_sync();
                break;
            case Phase::SwapOff:
                enter_swap_off();
                break;
            case Phase::Unmount:
                next_unmount_round();
                break;
            case Phase::Sysinit:
            case Phase::Wait:
            case Phase::ShutdownEntries:
            case Phase::New:
            case Phase::Running:
            case Phase::StopSupervisor:
            case Phase::Terminate:
            case Phase::Kill:
            case Phase::Ended:
            case Phase::ChangeLevel:
                enter_entries(phase());
                break;
        }
    }

    Duration limit_of_waiting() const noexcept {
        switch (phase()) {
            case Phase::ShutdownEntries:
                return kShutdownEntryLimit;
            case Phase::Sync:
                return kSyncLimit;
            case Phase::SwapOff:
                return kSwapOffLimit;
            case Phase::Unmount:
                return kUnmountLimit;
            case Phase::Sysinit:
            case Phase::Wait:
            case Phase::New:
            case Phase::Running:
            case Phase::StopSupervisor:
            case Phase::Terminate:
            case Phase::Kill:
            case Phase::Ended:
            case Phase::ChangeLevel:
                return kFirstNaming;
        }
        return kFirstNaming;
    }

    void end_system() noexcept {
        step_.next.phase = Phase::Ended;
        disarm();
        add(Do::EndSystem);
    }

    void on_deadline() noexcept {
        switch (phase()) {
            case Phase::Sysinit:
            case Phase::Wait:
                add(Do::NameWaited);
                arm(kNextNaming);
                break;
            case Phase::ChangeLevel:
                on_level_deadline();
                break;
            case Phase::StopSupervisor:
                add(Do::NameLeft);
                enter_entries(Phase::ShutdownEntries);
                break;
            case Phase::ShutdownEntries:
                add(Do::NameWaited);
                add(Do::AbandonWaited);
                enter_entries(Phase::ShutdownEntries);
                break;
            case Phase::Terminate:
                add(Do::NameLeft);
                enter_kill();
                break;
            case Phase::Kill:
                add(Do::NameLeft);
                leave_processes_behind();
                break;
            case Phase::Sync:
            case Phase::SwapOff:
            case Phase::Unmount:
                add(Do::NameWaited);
                add(Do::AbandonWaited);
                (*this)(WaitedEnded{});
                break;
            case Phase::New:
            case Phase::Running:
            case Phase::Ended:
                break;
        }
    }

    void remember_press(MonotonicTime at) noexcept {
        auto& presses = step_.next.presses;
        if (presses.size() == kImpatientPresses) {
            auto kept = presses;
            presses.clear();
            for (std::size_t i = 1; i < kept.size(); ++i) {
                (void)presses.push_back(kept[i]);
            }
        }
        (void)presses.push_back(at);
    }

    bool is_impatient() const noexcept {
        const auto& presses = step_.next.presses;
        return presses.size() == kImpatientPresses &&
               presses[kImpatientPresses - 1] - presses[0] <= kImpatientWithin;
    }

    Step step_;
    const Facts& facts_;
};

}  // namespace

std::string_view to_string(Phase phase) noexcept {
    return kPhaseWords[static_cast<std::size_t>(phase)];
}

std::string_view to_string(Request request) noexcept {
    switch (request) {
        case Request::None:
            return "none";
        case Request::Restart:
            return "restart";
        case Request::Kexec:
            return "kexec";
        case Request::Reboot:
            return "reboot";
        case Request::Halt:
            return "halt";
        case Request::PowerOff:
            return "poweroff";
    }
    return "none";
}

Step step(const Pid1State& state, const Event& event, const Facts& facts) noexcept {
    Stepper stepper(state, facts);
    std::visit(stepper, event);
    return stepper.take();
}

bool is_going_down(Phase phase) noexcept {
    return phase >= Phase::StopSupervisor && phase <= Phase::Ended;
}

bool is_going_down(const Pid1State& state) noexcept {
    return is_going_down(state.phase);
}

char shown_level(const Runlevel& level) noexcept {
    const bool is_boot = level.current == kSysinitLevel || level.current == kBootLevel;
    return is_boot || level.current == '\0' ? 'S' : level.current;
}

bool respawns(const Pid1State& state) noexcept {
    return state.phase == Phase::Running && may_respawn(state);
}

bool may_respawn(const Pid1State& state) noexcept {
    const char level = state.level.current;
    return !state.paused && level != '0' && level != '6';
}

}  // namespace mainstay::init
