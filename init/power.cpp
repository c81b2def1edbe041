#include "init/power.h"

#include <poll.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace mainstay::init {

void take_over_ctrl_alt_del() noexcept {
    (void)::reboot(RB_DISABLE_CAD);
}

int reboot_command(Request request) noexcept {
    switch (request) {
        case Request::Halt:
            return RB_HALT_SYSTEM;
        case Request::PowerOff:
            return RB_POWER_OFF;
        case Request::Kexec:
            return RB_KEXEC;
        case Request::None:
        case Request::Restart:
        case Request::Reboot:
            return RB_AUTOBOOT;
    }
    return RB_AUTOBOOT;
}

int end_machine(Request request, const BirthLimits& limits, Log& log) noexcept {
    const auto pid = fork_child(limits);
    if (!pid) {
        // No room for a child: the last resort is to call it here.
        (void)::reboot(reboot_command(request));
        return errno;
    }
    if (*pid == 0) {
        (void)::reboot(reboot_command(request));
        int code = errno;
        if (request == Request::Kexec) {
            log.error(
                "kexec: %s; rebooting through the firmware instead",
                code == EINVAL ? "no kernel is loaded (kexec -l does that)" : errno_text(code));
            (void)::reboot(RB_AUTOBOOT);
            code = errno;
        }
        ::_exit(code);
    }
    int status = 0;
    while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

void reset_now(const BirthLimits& limits) noexcept {
    const auto pid = fork_child(limits);
    if (pid && *pid == 0) {
        ::sync();
        ::_exit(0);
    }
    constexpr int kMilliseconds = 500;
    (void)::poll(nullptr, 0, kMilliseconds);
    (void)::reboot(RB_AUTOBOOT);
}

}  // namespace mainstay::init
