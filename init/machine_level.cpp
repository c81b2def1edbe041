#include <csignal>

#include "init/machine.h"

// The part of the machine that changes sysvinit's runlevels.

namespace mainstay::init {

void Machine::perform_level(Do what) noexcept {
    if (what == Do::RecordBoot) {
        record(boot_event());
    } else if (what == Do::AnnounceLevel) {
        announce_level();
    } else if (what == Do::LeaveLevel) {
        leave_level();
    } else if (what == Do::KillLevel) {
        kill_level();
    } else {
        name_leavers();
    }
}

void Machine::announce_level() noexcept {
    const Runlevel& level = state_.level;
    log_.notice("entering runlevel %c (from %c)", level.current, level.previous);
    record(level_event(level.current, level.previous));
    if (level.then == Request::Halt) {
        (void)variables_.set("INIT_HALT=HALT");
    } else if (level.then == Request::PowerOff) {
        (void)variables_.set("INIT_HALT=POWEROFF");
    }
    for (std::size_t i = 0; i < table_.entries().size(); ++i) {
        const Slot& before = table_.slots()[i];
        Slot after = before;
        after.is_due_later = false;
        after.short_runs = 0;
        // The single-user shell comes again each time; anything else when it was away.
        if (level.current == 'S' || table_.class_at(i) == EntryClass::None) {
            after.is_over = false;
        }
        if (!(after == before)) {
            table_.slot(i) = after;
        }
    }
}

/// A system of busybox's style has its logins recorded by whoever makes them.
void Machine::record(const LoginEvent& event) noexcept {
    if (table_.style() == InittabStyle::Sysvinit) {
        recorder_ = record_login(event, recorder_, limits_);
    }
}

/// @param pid 0: it is not known which process it was
void Machine::record_end(const Entry& entry, pid_t pid) noexcept {
    if (!entry.no_record && pid != 0) {
        record(end_event(entry.id, pid));
    }
}

/// Whom boot waited for is one of many from here on.
void Machine::leave_level() noexcept {
    if (waited_ && waited_->pid != 0) {
        Slot& slot = table_.slot(waited_->index);
        slot.pid = waited_->pid;
        slot.started = waited_->since;
    }
    waited_.reset();
    reload_table();
    for (std::size_t i = 0; i < table_.entries().size(); ++i) {
        if (table_.slots()[i].pid != 0 && !may_stay(i)) {
            end_entry(i);
        }
    }
}

void Machine::end_entry(std::size_t index) noexcept {
    const Entry& entry = table_.entries()[index];
    const pid_t pid = table_.slots()[index].pid;
    log_.info("%s: %.*s: not in runlevel %c, ending pid %d", place_of(entry).c_str(),
              printable_length(entry.process), entry.process.data(), state_.level.current, pid);
    if (entry.action == Action::Supervise && link_.is_spoken_to() &&
        link_.ask_to_stop(LinkStop::SystemGoesOn)) {
        return;
    }
    ::kill(-pid, SIGTERM);
    ::kill(-pid, SIGCONT);
}

void Machine::kill_level() noexcept {
    for (std::size_t i = 0; i < table_.entries().size(); ++i) {
        const pid_t pid = table_.slots()[i].pid;
        if (pid != 0 && !may_stay(i) && table_.entries()[i].action != Action::Supervise) {
            ::kill(-pid, SIGKILL);
        }
    }
    for (const Leaving& leaving : leaving_) {
        if (leaving.pid != 0 && leaving.kill_at != MonotonicTime::max()) {
            ::kill(-leaving.pid, SIGKILL);
        }
    }
}

void Machine::name_leavers() noexcept {
    for (std::size_t i = 0; i < table_.entries().size(); ++i) {
        const Entry& entry = table_.entries()[i];
        if (table_.slots()[i].pid != 0 && !may_stay(i)) {
            log_.warning("%s: %.*s: not in runlevel %c, still running (pid %d)",
                         place_of(entry).c_str(), printable_length(entry.process),
                         entry.process.data(), state_.level.current, table_.slots()[i].pid);
        }
    }
}

void Machine::reload_table() noexcept {
    const auto remove = [this](pid_t pid, const Entry& entry) { forget_process(pid, entry); };
    table_.reload(options_.inittab, log_, remove);
    if (table_.style() == InittabStyle::Sysvinit && state_.level.current == '\0') {
        // A file of busybox's style has become one with levels while everything ran.
        state_.level.current = table_.default_level();
        state_.level.has_booted = true;
        table_.set_level(state_.level.current);
    }
}

/// `telinit a`, `b` and `c`: entries that name the letter run, whatever the level, until
/// single-user mode; the level stays.
void Machine::demand(char level) noexcept {
    if (table_.style() == InittabStyle::Busybox || state_.level.current == 'S') {
        log_.warning("telinit %c: %s", level,
                     state_.level.current == 'S' ? "not in single-user mode"
                                                 : "this inittab has no runlevels");
        return;
    }
    if (!waited_) {
        reload_table();
    }
    for (std::size_t i = 0; i < table_.entries().size(); ++i) {
        if (names_level(table_.entries()[i], level)) {
            Slot& slot = table_.slot(i);
            slot.is_demanded = true;
            slot.is_over = false;
        }
    }
    post(DemandAsked{});
}

/// What boot entries have started lives in every level.
bool Machine::may_stay(std::size_t index) const noexcept {
    return table_.entries()[index].action == Action::Boot ||
           table_.class_at(index) != EntryClass::None;
}

bool Machine::has_leavers() noexcept {
    for (std::size_t i = 0; i < table_.entries().size(); ++i) {
        if (table_.slots()[i].pid != 0 && !may_stay(i)) {
            return true;
        }
    }
    for (const Leaving& leaving : leaving_) {
        if (leaving.pid != 0) {
            return true;
        }
    }
    return false;
}

/// What runs for ever does not keep the system up in levels 0 and 6, where something has to end.
bool Machine::is_level_through() noexcept {
    const bool is_single = state_.level.current == 'S';
    for (std::size_t i = 0; i < table_.entries().size(); ++i) {
        const Slot& slot = table_.slots()[i];
        const bool lasts = table_.class_at(i) == EntryClass::Respawn;
        const bool counts = table_.entries()[i].action != Action::Boot && (is_single || !lasts);
        if (counts && (slot.pid != 0 || slot.is_due_later)) {
            return false;
        }
    }
    return true;
}

/// Once a turn: the ends of processes that a level waits for without waiting for one of them.
void Machine::look_at_level() noexcept {
    const char level = state_.level.current;
    if (state_.phase == Phase::ChangeLevel && !has_leavers()) {
        post(OldLevelGone{});
    }
    // While nothing is started, the single-user level has not had its turn.
    const bool ends = (level == 'S' && !state_.paused) || level == '0' || level == '6';
    if (state_.phase == Phase::Running && ends && is_level_through()) {
        post(LevelThrough{});
    }
}

}  // namespace mainstay::init
