#include "init/machine.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "common/fd_io.h"
#include "common/paths.h"
#include "init/boot_record.h"
#include "init/holdouts.h"
#include "init/host_notify.h"

namespace mainstay::init {

Machine::Machine(const MachineOptions& options, Log& log, const BirthLimits& limits,
                 SignalSource& signals, StateMemory& memory) noexcept
    : options_(options),
      log_(log),
      limits_(limits),
      signals_(signals),
      memory_(memory),
      table_(memory) {}

Result<void> Machine::prepare() noexcept {
    TRY_VOID(table_.reserve());
    return keeper_.prepare();
}

void Machine::begin() noexcept {
    (void)proc();
    if (auto program = open_file("/proc/self/exe", O_RDONLY)) {
        program_ = std::move(*program);
    }
    if (!watchdog_.take_over(log_) && !options_.watchdog.empty()) {
        watchdog_.start(options_.watchdog, log_);
    }
    load_table();
    initctl_.ensure(table_.style(), log_);
    if (table_.style() == InittabStyle::Sysvinit) {
        begin_utmp();
    }
    save();
    set_recovery(memory_.fd(), program_.get());
    post(Begin{});
}

InittabStyle Machine::look_at_inittab() noexcept {
    load_table();
    return table_.style();
}

void Machine::load_table() noexcept {
    table_.load(options_.inittab, options_.style,
                options_.in_container ? EntryTable::Consoles::Own : EntryTable::Consoles::Kernels,
                log_);
}

int Machine::run() noexcept {
    for (look_at_level(); !exit_code_; look_at_level()) {
        save();
        wait_for_something();
        // Exits first: a command or a deadline must not act on a process that is gone.
        reap();
        handle_link();
        handle_initctl();
        handle_signals();
        handle_timers();
        handle_program();
    }
    return *exit_code_;
}

// ---- what happens -------------------------------------------------------------------------------

void Machine::wait_for_something() noexcept {
    link_.say_what_is_due(log_);
    std::array<pollfd, 4> watched{{{signals_.fd(), POLLIN, 0},
                                   {link_.fd(), link_.events(), 0},
                                   {initctl_.fd(), POLLIN, 0},
                                   {initctl_.watch_fd(), POLLIN, 0}}};
    const MonotonicTime next = next_timer();
    (void)::poll(watched.data(), watched.size(), poll_timeout(next, monotonic_now()));
    initctl_is_due_ = watched[2].revents != 0 || watched[3].revents != 0;
}

void Machine::reap() noexcept {
    while (true) {
        int wait_status = 0;
        const pid_t pid = ::waitpid(-1, &wait_status, WNOHANG);
        if (pid > 0) {
            handle_exit(pid, wait_status);
            continue;
        }
        if (pid < 0 && errno == EINTR) {
            continue;
        }
        if (pid < 0 && errno == ECHILD &&
            (state_.phase == Phase::Terminate || state_.phase == Phase::Kill)) {
            post(NobodyLeft{});
        }
        return;
    }
}

void Machine::handle_exit(pid_t pid, int wait_status, pid_t reaped_before) noexcept {
    const auto status = ExitStatus::from_wait(wait_status);
    if (waited_ && waited_->pid == pid) {
        const Entry& entry = table_.entries()[waited_->index];
        if (!status.is_success()) {
            log_.warning("%s: %.*s: %s", place_of(entry).c_str(), printable_length(entry.process),
                         entry.process.data(), to_text(status).c_str());
        }
        record_end(entry, pid);
        if (table_.style() == InittabStyle::Sysvinit) {
            table_.slot(waited_->index).is_over = true;  // for as long as it is in the level
        }
        forget_waited();
        initctl_.ensure(table_.style(), log_);  // it may have mounted /run
        post(WaitedEnded{});
        return;
    }
    if (handle_helper_exit(pid, status)) {
        return;
    }
    if (pid == supervisor_pid_) {
        bury_supervisor(status, reaped_before);
    }
    for (Leaving& leaving : leaving_) {
        if (leaving.pid == pid) {
            leaving = {};
            return;
        }
    }
    const std::size_t index = table_.find(pid);
    if (index < table_.entries().size()) {
        handle_entry_exit(index, status);
        return;
    }
    handle_unknown_exit(pid, wait_status);
}

bool Machine::handle_helper_exit(pid_t pid, const ExitStatus& status) noexcept {
    if (upgrade_.runs() && upgrade_.pid() == pid) {
        next_program_ = upgrade_.finish(status, program_path(), log_);
        return true;
    }
    if (!helper_.runs() || helper_.pid() != pid) {
        return false;
    }
    helper_.ended();
    const bool all_done = status.is_success();
    if (state_.phase == Phase::Unmount && all_done) {
        post(AllUnmounted{});
    } else {
        post(WaitedEnded{});
    }
    return true;
}

void Machine::handle_link() noexcept {
    // Bounded, so that a supervisor gone mad cannot keep PID 1 from its other work.
    constexpr int kMostAtOnce = 64;
    for (int taken = 0; taken < kMostAtOnce && link_.fd() >= 0; ++taken) {
        const SupervisorLink::Heard heard = link_.next(log_);
        if (heard == SupervisorLink::Heard::Nothing) {
            return;
        }
        heed(heard);
    }
}

void Machine::tell_booted() noexcept {
    const double seconds = in_seconds(boottime_now() - options_.started);
    if (!options_.in_container) {
        record_moment(BootMoment::Complete, log_);
    }
    log_.notice("boot is complete after %.3f s", seconds);
    (void)::mkdir(kRunDirectory, 0755);
    FixedString<32> text;
    text.append_format("%.3f\n", seconds);
    const auto file = open_file(kBootedFile, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (!file || !write_all(file->get(), text)) {
        log_.warning("%s: %s", kBootedFile, errno_text(errno));
    }
    tell_ready();
}

bool Machine::has_supervisor_entry() const noexcept {
    for (std::size_t i = 0; i < table_.entries().size(); ++i) {
        if (table_.entries()[i].action == Action::Supervise && may_stay(i)) {
            return true;
        }
    }
    return false;
}

void Machine::tell_ready() noexcept {
    if (!is_going_down(state_)) {
        tell_host("READY=1\nSTATUS=boot complete", log_);
    }
}

MonotonicTime Machine::next_timer() noexcept {
    if (previous_.valid()) {
        return MonotonicTime::min();  // a whole turn without waiting, to show that it can
    }
    MonotonicTime next = MonotonicTime::max();
    const auto consider = [&next](MonotonicTime time) { next = std::min(next, time); };
    consider(watchdog_.due());
    if (deadline_) {
        consider(*deadline_);
    }
    if (shutdown_limit_) {
        consider(*shutdown_limit_);
    }
    if (waited_ && waited_->pid == 0) {
        consider(waited_->retry_at);
    }
    if (upgrade_.runs()) {
        consider(upgrade_.deadline());
    }
    for (const Leaving& leaving : leaving_) {
        if (leaving.pid != 0) {
            consider(leaving.kill_at);
        }
    }
    consider(link_.retry_at());
    if (respawns(state_)) {
        for (const Slot& slot : table_.slots()) {
            if (slot.is_due_later) {
                consider(slot.due);
            }
        }
    }
    return next;
}

void Machine::handle_timers() noexcept {
    const MonotonicTime now = monotonic_now();
    watchdog_.pet_if_due(now);
    if (waited_ && waited_->pid == 0 && waited_->retry_at <= now) {
        retry_waited();
    }
    for (Leaving& leaving : leaving_) {
        if (leaving.pid != 0 && leaving.kill_at <= now) {
            ::kill(-leaving.pid, SIGKILL);
            leaving.kill_at = MonotonicTime::max();
        }
    }
    if (respawns(state_)) {
        for (std::size_t i = 0; i < table_.slots().size(); ++i) {
            const Slot& slot = table_.slots()[i];
            if (slot.is_due_later && slot.due <= now) {
                (void)start_slot(i);
            }
        }
    }
    if (upgrade_.runs() && upgrade_.deadline() <= now) {
        upgrade_.kill_child();
    }
    if (deadline_ && *deadline_ <= now) {
        deadline_.reset();
        post(DeadlinePassed{state_.generation});
    }
    if (shutdown_limit_ && *shutdown_limit_ <= now) {
        shutdown_limit_.reset();
        log_.error("the shutdown took longer than %.0f s", in_seconds(options_.shutdown_timeout));
        post(ShutdownLimitPassed{});
    }
}

// ---- what to do about it ------------------------------------------------------------------------

Facts Machine::facts() noexcept {
    return {options_.in_container,
            supervisor_pid_ != 0,
            (waited_ && waited_->pid != 0) || helper_.runs(),
            table_.has(EntryClass::CtrlAltDel),
            table_.has(EntryClass::PowerFail),
            table_.has(EntryClass::Restart),
            terminate_limit_,
            table_.has(EntryClass::PowerLow),
            supervisor_pid_ != 0 && !has_supervisor_entry(),
            options_.first_level != '\0' ? options_.first_level : table_.default_level(),
            table_.default_level(),
            table_.has_level('0'),
            table_.has_level('6'),
            variables_.value_of(kHaltVariable) == "HALT"};
}

void Machine::post(const Event& event) noexcept {
    // Effects post further events: they queue up here and are handled one after the other.
    if (!queue_.push(event)) {
        log_.error("too many events at once; one is lost");
        return;
    }
    if (draining_) {
        return;
    }
    draining_ = true;
    while (!queue_.empty()) {
        const bool was_going_down = is_going_down(state_);
        const Step taken = step(state_, queue_.pop(), facts());
        state_ = taken.next;
        table_.set_level(state_.level.current);
        const bool was_up = is_up_;
        is_up_ = is_up_ || state_.phase == Phase::Running;
        if (is_going_down(state_) && !was_going_down) {
            log_.show_on_console();
            record(shutdown_event());
            const std::string_view what = to_string(state_.request);
            log_.notice("the system goes down: %.*s", printable_length(what), what.data());
            FixedString<64> text("STOPPING=1\nSTATUS=");
            tell_host(text.append(what).view(), log_);
        }
        if (is_up_ && !was_up && !has_supervisor_entry()) {
            tell_ready();  // there are no services to wait for
        }
        // Written before it is acted upon: a request that was taken in is not lost any more.
        save();
        if (is_up_ && !was_up && !options_.in_container) {
            record_moment(BootMoment::Entries, log_);
        }
        for (const Effect& effect : taken.effects) {
            perform(effect);
        }
    }
    draining_ = false;
}

void Machine::perform(const Effect& effect) noexcept {
    if (const auto* run = std::get_if<RunNext>(&effect)) {
        run_next(run->entry_class, run->is_first);
    } else if (const auto* start = std::get_if<StartAll>(&effect)) {
        start_all(start->entry_class);
    } else if (const auto* arm = std::get_if<Arm>(&effect)) {
        deadline_ = monotonic_now() + arm->after;
    } else if (const auto* what = std::get_if<Do>(&effect)) {
        perform(*what);
    }
}

void Machine::perform(Do what) noexcept {
    switch (what) {
        case Do::Disarm:
            deadline_.reset();
            break;
        case Do::ArmShutdownLimit:
            shutdown_limit_ = monotonic_now() + options_.shutdown_timeout;
            break;
        case Do::NameWaited:
            name_waited();
            break;
        case Do::NameLeft:
            name_holdouts(proc(), "still running", log_);
            break;
        case Do::Reload:
            reload();
            break;
        case Do::ResumeRespawning:
            start_respawning();
            break;
        case Do::RecordBoot:
        case Do::AnnounceLevel:
        case Do::LeaveLevel:
        case Do::KillLevel:
        case Do::NameLeavers:
            perform_level(what);
            break;
        case Do::AskSupervisor:
        case Do::AbandonWaited:
        case Do::TerminateAll:
        case Do::KillAll:
        case Do::StartSync:
        case Do::StartSwapOff:
        case Do::StartUnmount:
        case Do::EndSystem:
        case Do::ResetNow:
            perform_ending(what);
            break;
    }
}

}  // namespace mainstay::init
