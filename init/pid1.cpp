#include "init/pid1.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "init/fault_handler.h"

namespace mainstay::init {

bool wait_for_shells(RescueShells& shells, SignalSource& signals) noexcept {
    bool was_left = false;
    while (shells.run()) {
        pollfd watched{signals.fd(), POLLIN, 0};
        (void)::poll(&watched, 1, -1);
        int status = 0;
        for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
            const auto ended = shells.ended(pid, ExitStatus::from_wait(status));
            was_left = was_left || ended == RescueShells::Ended::GoOn;
        }
        while (const auto received = signals.next()) {
            if (received->number == SIGCHLD || received->number == SIGHUP) {
                continue;
            }
            shells.end_all();
            ::kill(::getpid(), received->number);
            return was_left;
        }
    }
    return was_left;
}

void tell_what_a_fault_costs(Pid1& pid1) noexcept {
    if (const int error = missing_fault_handler(); error != 0) {
        pid1.log.error("fault handler: %s; a fault of PID 1 ends the system", errno_text(error));
    }
    if (const int error = pid1.memory.missing(); error != 0) {
        pid1.log.error(
            "memory that outlives this program: %s; a fault of PID 1, or telinit u, forgets what "
            "runs",
            errno_text(error));
    }
}

void last_resort(const char* cause, Log& log, const BirthLimits& limits) noexcept {
    log.show_on_console();
    while (true) {
        log.error("%s", cause);
        RescueShells shells(log, limits);
        (void)shells.start(cause);
        int status = 0;
        pid_t pid = 0;
        while ((pid = ::waitpid(-1, &status, 0)) > 0) {
            (void)shells.ended(pid, ExitStatus::from_wait(status));
        }
        // No child is left; a shell that cannot be started is not tried in a tight loop.
        ::sleep(1);
    }
}

}  // namespace mainstay::init
