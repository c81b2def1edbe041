/// PURE. The way down, and what follows when nothing happened in time: part of pid1_stepper.h.
#include "init/pid1_stepper.h"

#include <algorithm>

namespace mainstay::init {

void Stepper::request(Request wanted) noexcept {
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

void Stepper::stop_supervisor() noexcept {
    if (facts_.supervisor_runs) {
        step_.next.phase = Phase::StopSupervisor;
        add(Do::AskSupervisor);
        arm(kSupervisorSilence);
    } else {
        enter_entries(Phase::ShutdownEntries);
    }
}

void Stepper::enter_terminate() noexcept {
    step_.next.phase = Phase::Terminate;
    add(Do::TerminateAll);
    arm(facts_.terminate_limit);
}

void Stepper::enter_kill() noexcept {
    step_.next.phase = Phase::Kill;
    add(Do::KillAll);
    arm(kKillLimit);
}

void Stepper::leave_processes_behind() noexcept {
    if (facts_.in_container || step_.next.request == Request::Restart) {
        end_system();
        return;
    }
    enter_sync();
}

void Stepper::enter_sync() noexcept {
    step_.next.phase = Phase::Sync;
    add(Do::StartSync);
    arm(kSyncLimit);
}

void Stepper::enter_swap_off() noexcept {
    step_.next.phase = Phase::SwapOff;
    add(Do::StartSwapOff);
    arm(kSwapOffLimit);
}

void Stepper::enter_unmount() noexcept {
    step_.next.phase = Phase::Unmount;
    next_unmount_round();
}

void Stepper::next_unmount_round() noexcept {
    if (step_.next.round == kUnmountRounds) {
        end_system();
        return;
    }
    ++step_.next.round;
    add(Do::StartUnmount);
    arm(kUnmountLimit);
}

/// In a phase that waits for one process at a time.
void Stepper::recover_waiting() noexcept {
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

Duration Stepper::limit_of_waiting() const noexcept {
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

void Stepper::end_system() noexcept {
    step_.next.phase = Phase::Ended;
    disarm();
    add(Do::EndSystem);
}

void Stepper::on_deadline() noexcept {
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

void Stepper::remember_press(MonotonicTime at) noexcept {
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

bool Stepper::is_impatient() const noexcept {
    const auto& presses = step_.next.presses;
    return presses.size() == kImpatientPresses &&
           presses[kImpatientPresses - 1] - presses[0] <= kImpatientWithin;
}

}  // namespace mainstay::init
