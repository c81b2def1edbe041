#include "init/pid1_state.h"

#include "init/pid1_stepper.h"

namespace mainstay::init {
namespace {

constexpr std::array<std::string_view, kPhaseCount> kPhaseWords{
    "new",  "sysinit", "wait",    "running", "stop-supervisor", "shutdown-entries", "terminate",
    "kill", "sync",    "swapoff", "unmount", "ended",           "change-level"};
static_assert(static_cast<std::size_t>(Phase::ChangeLevel) + 1 == kPhaseCount);
static_assert(std::variant_size_v<Event> == 21, "handle the new event in Stepper and its test");

}  // namespace

void Stepper::operator()(const Begin&) noexcept {
    if (phase() == Phase::New) {
        step_.next.level.current = has_levels() ? kSysinitLevel : '\0';
        enter_entries(Phase::Sysinit);
    }
}

void Stepper::operator()(const WaitedEnded&) noexcept {
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

void Stepper::operator()(const NoneLeft&) noexcept {
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

void Stepper::operator()(const Requested& event) noexcept {
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

void Stepper::operator()(const CtrlAltDel& event) noexcept {
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

void Stepper::operator()(const PowerChanged& event) noexcept {
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

void Stepper::operator()(const KeyboardRequest&) noexcept {
    if (!is_going_down()) {
        add(StartAll{EntryClass::KbRequest});
    }
}

void Stepper::operator()(const ReloadAsked&) noexcept {
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

void Stepper::operator()(const ResumeAsked&) noexcept {
    step_.next.paused = false;
    if (respawns(step_.next)) {
        add(Do::ResumeRespawning);
    }
}

void Stepper::operator()(const SupervisorProgressed&) noexcept {
    if (phase() == Phase::StopSupervisor ||
        (phase() == Phase::ChangeLevel && step_.next.level.kills)) {
        arm(kSupervisorSilence);
    }
}

void Stepper::operator()(const SupervisorEnded&) noexcept {
    if (phase() == Phase::StopSupervisor) {
        enter_entries(Phase::ShutdownEntries);
    }
}

void Stepper::operator()(const NobodyLeft&) noexcept {
    if (phase() == Phase::Terminate || phase() == Phase::Kill) {
        leave_processes_behind();
    }
}

void Stepper::operator()(const AllUnmounted&) noexcept {
    if (phase() == Phase::Unmount) {
        end_system();
    }
}

void Stepper::operator()(const DeadlinePassed& event) noexcept {
    if (event.generation == step_.next.generation) {
        on_deadline();
    }
}

void Stepper::operator()(const ShutdownLimitPassed&) noexcept {
    if (is_going_down() && phase() != Phase::Ended) {
        add(Do::NameLeft);
        end_system();
    }
}

/// Whatever the phase began is begun once more where doing it twice does no harm, and where it
/// does only if it is not running. Deadlines start anew: the one that was armed may be lost.
void Stepper::operator()(const Recovered&) noexcept {
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

void Stepper::add(Effect effect) noexcept {
    // Never full: the random walks of the test fail when a step comes within one of the
    // capacity.
    (void)step_.effects.push_back(effect);
}

void Stepper::arm(Duration after) noexcept {
    ++step_.next.generation;
    add(Arm{after});
}

void Stepper::disarm() noexcept {
    ++step_.next.generation;
    add(Do::Disarm);
}

void Stepper::enter_entries(Phase entered) noexcept {
    step_.next.phase = entered;
    if (entered == Phase::ShutdownEntries) {
        add(RunNext{EntryClass::Shutdown});
        arm(kShutdownEntryLimit);
        return;
    }
    add(RunNext{entered == Phase::Sysinit ? EntryClass::Sysinit : EntryClass::Wait});
    arm(kFirstNaming);
}

void Stepper::enter_running() noexcept {
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
