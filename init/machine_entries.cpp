#include "init/machine.h"

#include <unistd.h>

#include <csignal>
#include <utility>

#include "common/restart_pacing.h"
#include "init/native_steps.h"

// The part of the machine that starts inittab entries and starts them again.

namespace mainstay::init {
namespace {

constexpr Duration kLeavingLimit = std::chrono::seconds(5);
constexpr Duration kRetryPause = std::chrono::milliseconds(250);

}  // namespace

/// @param status nothing for a process whose end PID 1 did not see, because it failed itself
void Machine::handle_entry_exit(std::size_t index, std::optional<ExitStatus> status) noexcept {
    const Entry& entry = table_.entries()[index];
    Slot& slot = table_.slot(index);
    const Duration lived = monotonic_now() - slot.started;
    const FixedString<48> how =
        status ? to_text(*status) : FixedString<48>("ended unseen while PID 1 recovered");
    record_end(entry, std::exchange(slot.pid, 0));
    if (table_.class_at(index) != EntryClass::Respawn) {
        // What is not in the runlevel any more was asked to end.
        if ((!status || !status->is_success()) && may_stay(index)) {
            log_.warning("%s: %.*s: %s", place_of(entry).c_str(), printable_length(entry.process),
                         entry.process.data(), how.c_str());
        }
        slot.is_over = table_.class_at(index) != EntryClass::None;
        return;
    }
    schedule_restart(index, lived);
    const double wait = slot.is_due_later ? in_seconds(slot.due - monotonic_now()) : 0.0;
    if (respawns(state_) && (wait > 0 || entry.action == Action::Supervise)) {
        log_.warning("%s: %.*s: %s after %.2f s, next start in %.2f s", place_of(entry).c_str(),
                     printable_length(entry.process), entry.process.data(), how.c_str(),
                     in_seconds(lived), wait);
    }
    if (respawns(state_) && !slot.is_due_later) {
        (void)start_slot(index);
    }
}

void Machine::schedule_restart(std::size_t index, Duration lived) noexcept {
    Slot& slot = table_.slot(index);
    const MonotonicTime now = monotonic_now();
    Duration wait{0};
    if (table_.entries()[index].action == Action::Supervise) {
        wait = supervisor_pacing_.next_wait(now);
    } else {
        const Pacing pacing = pace_restart(slot.short_runs, lived, PacingPolicy{});
        slot.short_runs = pacing.short_runs;
        wait = pacing.wait;
    }
    slot.is_due_later = wait > Duration::zero();
    slot.due = now + wait;
}

EntryContext Machine::context() noexcept {
    return {log_, limits_, table_.style(), options_.in_container, state_.level, variables_};
}

void Machine::run_next(EntryClass wanted, bool is_first) noexcept {
    // What was waited for so far may still run, when a shutdown came in between: no longer our
    // concern.
    forget_waited();
    if (wanted != cursor_class_ || is_first) {
        cursor_class_ = wanted;
        cursor_ = 0;
        if (wanted == EntryClass::Sysinit && !options_.in_container && !has_native_steps()) {
            run_default_native_steps({log_, limits_, options_.in_container});
        }
    }
    const std::size_t index = next_to_run(wanted);
    cursor_ = index + 1;
    if (index >= table_.entries().size()) {
        post(NoneLeft{});
        return;
    }
    const Entry& entry = table_.entries()[index];
    if (table_.class_at(index) == EntryClass::Native && !step_needs_child(entry.process)) {
        run_step(entry.process);
        post(WaitedEnded{});
        return;
    }
    // One of the level before that is in this one, too, may still run.
    const pid_t running = std::exchange(table_.slot(index).pid, 0);
    waited_ = Waited{index, wanted, running, 0, monotonic_now(), {}};
    if (running == 0) {
        retry_waited();
    }
}

/// In sysvinit's style a level is gone through in file order: what nobody waits for starts when it
/// is passed, and what has run stays so until a level without it.
std::size_t Machine::next_to_run(EntryClass wanted) noexcept {
    if (table_.style() == InittabStyle::Busybox || wanted != EntryClass::Wait) {
        return table_.next(wanted, cursor_);
    }
    std::size_t index = cursor_;
    for (; index < table_.entries().size(); ++index) {
        if (table_.class_at(index) != EntryClass::Wait) {
            start_in_passing(index);
        } else if (!table_.slots()[index].is_over) {
            break;
        }
    }
    return index;
}

void Machine::start_in_passing(std::size_t index) noexcept {
    const EntryClass found = table_.class_at(index);
    const Slot& slot = table_.slots()[index];
    const bool is_due = (found == EntryClass::Once && !slot.is_over) ||
                        (found == EntryClass::Respawn && !slot.is_due_later && may_respawn(state_));
    if (is_due && slot.pid == 0) {
        (void)start_slot(index);
    }
}

void Machine::run_step(std::string_view name) noexcept {
    if (const auto setting = watchdog_step(name)) {
        watchdog_.start(*setting, log_);
    } else {
        (void)run_native_step(name, {log_, limits_, options_.in_container});
    }
}

bool Machine::step_needs_child(std::string_view name) noexcept {
    return !watchdog_step(name) && native_step_may_block(name);
}

/// A session of its own, as an entry has: all that belongs to it can be ended with it.
Result<pid_t> Machine::start_step(std::size_t index) noexcept {
    TRY(const pid_t pid, fork_child(limits_, table_.birth_place(index)));
    if (pid == 0) {
        ::setsid();
        const StepContext step_context{log_, limits_, options_.in_container};
        ::_exit(run_native_step(table_.entries()[index].process, step_context) ? 0 : 1);
    }
    return pid;
}

/// One that starts the watchdog is none of those that take the place of the default ones.
bool Machine::has_native_steps() const noexcept {
    for (std::size_t i = 0; i < table_.entries().size(); ++i) {
        if (table_.class_at(i) == EntryClass::Native &&
            !watchdog_step(table_.entries()[i].process)) {
            return true;
        }
    }
    return false;
}

void Machine::retry_waited() noexcept {
    const Entry& entry = table_.entries()[waited_->index];
    const auto pid = table_.class_at(waited_->index) == EntryClass::Native
                         ? start_step(waited_->index)
                         : start_entry(entry, context(), -1, table_.birth_place(waited_->index));
    if (pid) {
        waited_->pid = *pid;
        return;
    }
    ++waited_->tries;
    const bool gives_up = waited_->tries >= kMaxWaitedTries;
    log_.error("%s: %.*s: %s: %s; %s", place_of(entry).c_str(), printable_length(entry.process),
               entry.process.data(), pid.error().action, errno_text(pid.error().code),
               gives_up ? "going on without it" : "trying again");
    if (gives_up) {
        forget_waited();
        post(WaitedEnded{});
    } else {
        waited_->retry_at = monotonic_now() + kRetryPause * waited_->tries;
    }
}

void Machine::start_all(EntryClass wanted) noexcept {
    for (std::size_t i = table_.next(wanted, 0); i < table_.entries().size();
         i = table_.next(wanted, i + 1)) {
        const Slot& slot = table_.slots()[i];
        if (slot.pid == 0) {
            // A once entry runs once; the others run anew each time their event comes.
            if (!(wanted == EntryClass::Once && slot.is_over)) {
                (void)start_slot(i);
            }
        } else if (wanted != EntryClass::Once) {
            log_.notice("%s: still running from the last time (pid %d)",
                        place_of(table_.entries()[i]).c_str(), slot.pid);
        }
    }
}

void Machine::start_respawning() noexcept {
    for (std::size_t i = table_.next(EntryClass::Respawn, 0); i < table_.entries().size();
         i = table_.next(EntryClass::Respawn, i + 1)) {
        const Slot& slot = table_.slots()[i];
        if (slot.pid == 0 && !slot.is_due_later) {
            (void)start_slot(i);
        }
    }
}

/// Never without its link: PID 1 would not hear that boot is complete, nor could it ask for the
/// end.
Result<pid_t> Machine::start_supervisor(std::size_t index) noexcept {
    TRY(const UniqueFd link_end, link_.renew());
    return start_entry(table_.entries()[index], context(), link_end.get(),
                       table_.birth_place(index));
}

bool Machine::start_slot(std::size_t index) noexcept {
    const Entry& entry = table_.entries()[index];
    Slot& slot = table_.slot(index);
    slot.is_due_later = false;
    slot.started = monotonic_now();
    const bool is_supervisor = entry.action == Action::Supervise;
    const auto pid = is_supervisor ? start_supervisor(index)
                                   : start_entry(entry, context(), -1, table_.birth_place(index));
    if (!pid) {
        schedule_restart(index, Duration::zero());
        log_.error("%s: %.*s: %s: %s; next try in %.2f s", place_of(entry).c_str(),
                   printable_length(entry.process), entry.process.data(), pid.error().action,
                   errno_text(pid.error().code), in_seconds(slot.due - slot.started));
        slot.is_due_later = true;
        return false;
    }
    slot.pid = *pid;
    if (is_supervisor) {
        supervisor_pid_ = *pid;
    }
    return true;
}

void Machine::reload() noexcept {
    const bool had_levels = table_.style() == InittabStyle::Sysvinit;
    reload_table();
    if (had_levels) {
        return;  // the walk through the level's entries starts what is new
    }
    start_all(EntryClass::Once);
    if (respawns(state_)) {
        start_respawning();
    }
}

void Machine::forget_process(pid_t pid, const Entry& entry) noexcept {
    log_.notice("%s: %.*s: removed, ending pid %d", place_of(entry).c_str(),
                printable_length(entry.process), entry.process.data(), pid);
    ::kill(-pid, SIGTERM);
    ::kill(-pid, SIGCONT);
    // A supervisor takes as long as its services need to stop.
    const Leaving added{pid, entry.action == Action::Supervise ? MonotonicTime::max()
                                                               : monotonic_now() + kLeavingLimit};
    for (Leaving& leaving : leaving_) {
        if (leaving.pid == 0) {
            leaving = added;
            return;
        }
    }
    if (!leaving_.push_back(added)) {
        ::kill(-pid, SIGKILL);
    }
}

}  // namespace mainstay::init
