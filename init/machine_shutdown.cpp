#include "init/machine.h"

#include <fcntl.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "common/fd_io.h"
#include "common/program_memory.h"
#include "init/disk_shutdown.h"
#include "init/entry_process.h"
#include "init/exit_root.h"
#include "init/host_notify.h"
#include "init/power.h"
#include "init/terminal.h"

// The part of the machine that takes the system down.

namespace mainstay::init {

void Machine::perform_ending(Do what) noexcept {
    switch (what) {
        case Do::AskSupervisor:
            ask_supervisor();
            break;
        case Do::AbandonWaited:
            abandon_waited();
            break;
        case Do::TerminateAll:
            hang_up_terminals();
            signal_all(SIGTERM);
            signal_all(SIGCONT);
            notice_empty_system();
            break;
        case Do::KillAll:
            signal_all(SIGKILL);
            notice_empty_system();
            break;
        case Do::StartSync:
        case Do::StartSwapOff:
        case Do::StartUnmount:
            start_helper(what);
            break;
        case Do::EndSystem:
            end_system();
            break;
        case Do::ResetNow:
            log_.error("ctrl-alt-del %zu times: reset", kImpatientPresses);
            reset_now(limits_);
            exit_code_ = 0;
            break;
        case Do::Disarm:
        case Do::ArmShutdownLimit:
        case Do::NameWaited:
        case Do::NameLeft:
        case Do::Reload:
        case Do::ResumeRespawning:
        case Do::RecordBoot:
        case Do::AnnounceLevel:
        case Do::LeaveLevel:
        case Do::KillLevel:
        case Do::NameLeavers:
            break;
    }
}

void Machine::ask_supervisor() noexcept {
    forget_waited();  // a sysinit or wait entry that a shutdown has overtaken
    // One that never said Hello does not speak the link's language: TERM asks everybody.
    const LinkStop after = options_.in_container ? LinkStop::SystemGoesOn : LinkStop::MachineEnds;
    const bool asked = link_.is_spoken_to() && link_.ask_to_stop(after).has_value();
    if (!asked) {
        ::kill(supervisor_pid_, SIGTERM);
    }
}

/// Shells at a terminal ignore TERM: without this every shutdown with somebody logged in would wait
/// for them until they are killed.
void Machine::hang_up_terminals() noexcept {
    const auto slots = table_.slots();
    for (std::size_t i = 0; i < slots.size(); ++i) {
        if (slots[i].pid != 0 && takes_terminal(table_.entries()[i], table_.style())) {
            ::kill(slots[i].pid, SIGHUP);
        }
    }
}

void Machine::signal_all(int signal) noexcept {
    // Only ever called as the first process of its pid namespace: -1 means everybody in it but us.
    if (::getpid() == 1) {
        ::kill(-1, signal);
    }
}

void Machine::notice_empty_system() noexcept {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD) {
        post(NobodyLeft{});
    }
}

/// Opened at boot, as a shutdown entry may unmount it; again where that failed.
int Machine::proc() noexcept {
    if (!proc_.valid()) {
        auto opened = open_file("/proc", O_RDONLY | O_DIRECTORY);
        if (opened) {
            proc_ = std::move(*opened);
        }
    }
    return proc_.get();
}

void Machine::start_helper(Do what) noexcept {
    Result<void> started;
    const int proc_fd = proc();
    Log& log = log_;
    if (what == Do::StartSync) {
        // The file of a program that was deleted or replaced keeps its disk from becoming clean.
        prepare_copy();
        const int program = program_.get();
        const int copy = program_copy_.get();
        started = helper_.start(kSyncName, limits_, [program, copy] {
            sync_disks();
            return copy < 0 || copy_program(program, copy) ? 0 : 1;
        });
    } else if (what == Do::StartSwapOff) {
        started = helper_.start(kSwapOffName, limits_, [proc_fd, &log] {
            swap_off(proc_fd, log);
            return 0;
        });
    } else {
        const Round round = state_.round < kUnmountRounds ? Round::NotLast : Round::Last;
        started = helper_.start(kUnmountName, limits_, [proc_fd, round, &log] {
            return unmount_all(proc_fd, round, log) ? 0 : 1;
        });
    }
    if (!started) {
        log_.error("%s: fork: %s; going on without",
                   what == Do::StartSync ? "sync" : "taking the disks down",
                   errno_text(started.error().code));
        post(WaitedEnded{});
    }
}

void Machine::abandon_waited() noexcept {
    helper_.abandon();
    if (waited_ && waited_->pid != 0) {
        ::kill(-waited_->pid, SIGKILL);
    }
    forget_waited();
}

void Machine::forget_waited() noexcept {
    if (waited_) {
        *table_.birth_place(waited_->index) = 0;
    }
    waited_.reset();
}

void Machine::name_waited() noexcept {
    if (helper_.runs()) {
        log_.warning("%s takes long", helper_.name());
    } else if (waited_) {
        const Entry& entry = table_.entries()[waited_->index];
        log_.warning("%s: %.*s: running for %.0f s, everything after it waits (pid %d)",
                     place_of(entry).c_str(), printable_length(entry.process), entry.process.data(),
                     in_seconds(monotonic_now() - waited_->since), waited_->pid);
    }
}

void Machine::end_system() noexcept {
    if (state_.request == Request::Restart) {
        restart_in_place();
    }
    const std::string_view what = to_string(state_.request);
    log_.notice("%.*s", printable_length(what), what.data());
    // Any other end that hangs is ended by the hardware.
    if (state_.request == Request::Halt) {
        watchdog_.stop();
    }
    if (!options_.in_container && has_exit_root()) {
        watchdog_.hand_over(log_);
        return_to_initramfs(state_.request, log_);
        watchdog_.take_back();
    }
    if (options_.in_container) {
        FixedString<32> text;
        text.append_format("EXIT_STATUS=%d", services_code_.value_or(0));
        tell_host(text, log_);
    }
    if (services_code_) {
        exit_code_ = services_code_;  // which reboot(2) could not tell
        return;
    }
    const int code = end_machine(state_.request, limits_, log_);
    if (!options_.in_container) {
        log_.error("%.*s: %s", printable_length(what), what.data(), errno_text(code));
    }
    exit_code_ = 0;
}

void Machine::restart_in_place() noexcept {
    (void)::reboot(RB_ENABLE_CAD);
    if (!options_.in_container) {
        (void)use_terminal("console", Claim::None).has_value();
    }
    const std::size_t index = table_.next(EntryClass::Restart, 0);
    watchdog_.hand_over(log_);
    exec_in_place(table_.entries()[index], table_.style(), log_);
    watchdog_.take_back();
    // It cannot be executed: nothing runs any more, so the machine starts anew.
    state_.request = Request::Reboot;
}

}  // namespace mainstay::init
