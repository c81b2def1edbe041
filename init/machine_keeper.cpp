#include "init/machine.h"

#include <sys/wait.h>

#include <algorithm>

// The part of the machine that stays when the supervisor dies: it buries it, adopts what it leaves,
// and tells the next one.

namespace mainstay::init {

void Machine::heed(SupervisorLink::Heard heard) noexcept {
    switch (heard) {
        case SupervisorLink::Heard::Progress:
            post(SupervisorProgressed{});
            break;
        case SupervisorLink::Heard::BootComplete:
            tell_booted();
            break;
        case SupervisorLink::Heard::Nothing:
        case SupervisorLink::Heard::Other:
            break;
    }
}

void Machine::bury_supervisor(const ExitStatus& status, pid_t reaped_before) noexcept {
    supervisor_pid_ = 0;
    // What it said before it died counts: more than a socket holds it cannot have said.
    constexpr int kMostLastWords = 1024;
    for (int heard = 0; heard < kMostLastWords && link_.fd() >= 0; ++heard) {
        const SupervisorLink::Heard last = link_.next_of_dead(log_);
        if (last == SupervisorLink::Heard::Nothing) {
            break;
        }
        heed(last);
    }
    const bool has_stopped = link_.has_stopped();
    link_.close();
    if (has_stopped) {
        keeper_.forget_everything();
    } else {
        keeper_.supervisor_died(reaped_before, *this, log_);
    }
    post(SupervisorEnded{});
    if (has_stopped) {
        end_with_services(status);
    }
}

/// A service whose on-failure-action is exit ends the container with its code. A supervisor that
/// was merely told to stop ends with 0, and comes back.
void Machine::end_with_services(const ExitStatus& status) noexcept {
    const bool has_code = status.kind == ExitStatus::Kind::Exited && status.value != 0;
    if (options_.in_container && has_code && !is_going_down(state_)) {
        log_.notice("the services have ended with %u: so does the container",
                    static_cast<unsigned>(status.value));
        services_code_ = status.value;
        post(Requested{Request::PowerOff});
    }
}

void Machine::handle_unknown_exit(pid_t pid, int wait_status) noexcept {
    // The supervisor's children became ours in the moment of its death, so one of them may be
    // reaped before it is: first things first.
    int supervisor_status = 0;
    const pid_t supervisor = supervisor_pid_;
    if (supervisor != 0 && ::waitpid(supervisor, &supervisor_status, WNOHANG) == supervisor) {
        handle_exit(supervisor, supervisor_status, pid);
    }
    // An orphan that nobody has adopted needs no more than being buried.
    (void)keeper_.state().processes.ended_with(pid, wait_status);
}

bool Machine::is_own(pid_t pid) noexcept {
    if ((waited_ && waited_->pid == pid) || (helper_.runs() && helper_.pid() == pid) ||
        table_.find(pid) < table_.entries().size()) {
        return true;
    }
    return std::any_of(leaving_.begin(), leaving_.end(),
                       [pid](const Leaving& leaving) { return leaving.pid == pid; });
}

}  // namespace mainstay::init
