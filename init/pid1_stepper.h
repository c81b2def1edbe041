/// PURE. One step of PID 1's state in the making: what each event does. Internal to pid1_state: the
/// phases and their deadlines are in pid1_state.cpp, runlevels in pid1_levels.cpp, the way down in
/// pid1_way_down.cpp.
#pragma once

#include "init/pid1_state.h"

namespace mainstay::init {

/// The snapshot changes, effects collect.
class Stepper {
  public:
    Stepper(const Pid1State& state, const Facts& facts) noexcept
        : step_{state, {}}, facts_(facts) {}

    Step take() noexcept { return step_; }

    void operator()(const Begin&) noexcept;
    void operator()(const WaitedEnded&) noexcept;
    void operator()(const NoneLeft&) noexcept;
    void operator()(const Requested&) noexcept;
    void operator()(const CtrlAltDel&) noexcept;
    void operator()(const PowerChanged&) noexcept;
    void operator()(const LevelAsked&) noexcept;
    void operator()(const OldLevelGone&) noexcept;
    void operator()(const LevelThrough&) noexcept;
    void operator()(const DemandAsked&) noexcept;
    void operator()(const KeyboardRequest&) noexcept;
    void operator()(const ReloadAsked&) noexcept;
    void operator()(const PauseAsked&) noexcept { step_.next.paused = true; }
    void operator()(const ResumeAsked&) noexcept;
    void operator()(const SupervisorProgressed&) noexcept;
    void operator()(const SupervisorEnded&) noexcept;
    void operator()(const NobodyLeft&) noexcept;
    void operator()(const AllUnmounted&) noexcept;
    void operator()(const DeadlinePassed&) noexcept;
    void operator()(const ShutdownLimitPassed&) noexcept;
    void operator()(const Recovered&) noexcept;

  private:
    Phase phase() const noexcept { return step_.next.phase; }
    bool is_going_down() const noexcept { return init::is_going_down(step_.next); }
    bool has_levels() const noexcept { return facts_.default_level != '\0'; }

    void add(Effect effect) noexcept;
    void arm(Duration after) noexcept;
    void disarm() noexcept;

    // From the boot on.
    void enter_entries(Phase entered) noexcept;
    void enter_running() noexcept;

    // Runlevels.
    void leave_sysinit() noexcept;
    void walk_level() noexcept;
    void enter_level(char level, char previous) noexcept;
    void change_level(char level, Duration patience) noexcept;
    void leave_level() noexcept;
    void on_level_deadline() noexcept;
    void leave_single_user() noexcept;
    void request_by_level(char level) noexcept;
    bool goes_by_level(Request wanted) const noexcept;
    static char level_of(Request wanted) noexcept;

    // The way down.
    void request(Request wanted) noexcept;
    void stop_supervisor() noexcept;
    void enter_terminate() noexcept;
    void enter_kill() noexcept;
    void leave_processes_behind() noexcept;
    void enter_sync() noexcept;
    void enter_swap_off() noexcept;
    void enter_unmount() noexcept;
    void next_unmount_round() noexcept;
    void end_system() noexcept;

    // What goes on where nothing happened in time, or PID 1 is another program.
    void recover_waiting() noexcept;
    Duration limit_of_waiting() const noexcept;
    void on_deadline() noexcept;
    void remember_press(MonotonicTime at) noexcept;
    bool is_impatient() const noexcept;

    Step step_;
    const Facts& facts_;
};

}  // namespace mainstay::init
