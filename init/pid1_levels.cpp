/// PURE. What the events mean for runlevels: part of pid1_stepper.h.
#include "init/pid1_stepper.h"

#include <algorithm>

namespace mainstay::init {
namespace {

constexpr Duration kLeastPatience = std::chrono::milliseconds(1);

}  // namespace

void Stepper::operator()(const LevelAsked& event) noexcept {
    if (!has_levels()) {
        request_by_level(event.level);
    } else if (!is_going_down() && phase() != Phase::New &&
               event.level != step_.next.level.current) {
        change_level(event.level, event.patience);
    }
}

void Stepper::operator()(const OldLevelGone&) noexcept {
    if (phase() == Phase::ChangeLevel) {
        walk_level();
    }
}

void Stepper::operator()(const LevelThrough&) noexcept {
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

void Stepper::operator()(const DemandAsked&) noexcept {
    if (phase() == Phase::Running && has_levels()) {
        walk_level();
    }
}

void Stepper::leave_sysinit() noexcept {
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
void Stepper::walk_level() noexcept {
    step_.next.phase = Phase::Wait;
    add(RunNext{EntryClass::Wait, true});
    arm(kFirstNaming);
}

/// Where nothing has to end first.
void Stepper::enter_level(char level, char previous) noexcept {
    step_.next.level.current = level;
    step_.next.level.previous = previous;
    add(Do::AnnounceLevel);
    walk_level();
}

void Stepper::change_level(char level, Duration patience) noexcept {
    Runlevel& changing = step_.next.level;
    changing.previous = shown_level(changing);
    changing.current = level;
    changing.then = Request::None;
    changing.patience = std::max<Duration>(patience, kLeastPatience);
    add(Do::AnnounceLevel);
    leave_level();
}

void Stepper::leave_level() noexcept {
    step_.next.phase = Phase::ChangeLevel;
    step_.next.level.kills = false;
    // It is read anyway.
    step_.next.reload_waits = false;
    add(Do::LeaveLevel);
    arm(step_.next.level.patience);
}

void Stepper::on_level_deadline() noexcept {
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
void Stepper::leave_single_user() noexcept {
    if (step_.next.level.has_booted || facts_.default_level == 'S') {
        enter_level(facts_.default_level, 'S');
    } else {
        step_.next.level.current = kBootLevel;
        walk_level();
    }
}

void Stepper::request_by_level(char level) noexcept {
    if (level == '0') {
        request(facts_.halts ? Request::Halt : Request::PowerOff);
    } else if (level == '6') {
        request(Request::Reboot);
    }
}

/// Whether scripts of a level are to stop what those of other levels have started, before the
/// system goes down. Only once: who asks again means at once.
bool Stepper::goes_by_level(Request wanted) const noexcept {
    const char current = step_.next.level.current;
    if (!has_levels() || wanted == Request::Restart || is_going_down() || phase() == Phase::New ||
        current == '0' || current == '6') {
        return false;
    }
    return level_of(wanted) == '6' ? facts_.has_reboot_level : facts_.has_halt_level;
}

char Stepper::level_of(Request wanted) noexcept {
    return wanted == Request::Reboot || wanted == Request::Kexec ? '6' : '0';
}

}  // namespace mainstay::init
