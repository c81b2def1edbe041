#include "init/exit_root.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "common/clock.h"
#include "common/fd_io.h"
#include "init/child.h"
#include "init/disk_shutdown.h"
#include "init/early_mounts.h"
#include "init/environment.h"
#include "init/power.h"

namespace mainstay::init {
namespace {

constexpr char kExitRoot[] = "/run/initramfs";
constexpr char kProgram[] = "/run/initramfs/shutdown";
constexpr Duration kLimit = std::chrono::seconds(30);

struct Taken {
    const char* path;
    const char* type;  ///< to be mounted anew where a shutdown entry has unmounted it
};
constexpr std::array kTaken{Taken{"/dev", "devtmpfs"}, Taken{"/proc", "proc"},
                            Taken{"/sys", "sysfs"}, Taken{"/run", "tmpfs"}};

Result<void> copy_self(const char* target) noexcept {
    TRY(const UniqueFd from, open_file("/proc/self/exe", O_RDONLY));
    TRY(const UniqueFd to, open_file(target, O_WRONLY | O_CREAT | O_TRUNC, 0755));
    std::array<char, 65536> buffer;
    while (true) {
        TRY(const std::string_view part, read_up_to(from.get(), buffer));
        if (part.empty()) {
            return {};
        }
        TRY_VOID(write_all(to.get(), part));
    }
}

/// Bound and not moved: the old root needs its own until it is gone, and /run cannot be moved into
/// itself.
void bind_into_exit_root() noexcept {
    for (const Taken& taken : kTaken) {
        FixedString<64> target(kExitRoot);
        target.append(taken.path);
        (void)::mkdir(target.c_str(), 0755);
        // A plain directory is the old root's own, which could not be unmounted then.
        if (is_mount_point(taken.path)) {
            (void)::mount(taken.path, target.c_str(), nullptr, MS_BIND, nullptr);
        } else {
            (void)::mount(taken.type, target.c_str(), taken.type, 0, nullptr);
        }
    }
}

Result<void> pivot() noexcept {
    // A shutdown entry may have made it read-only: umount -a -r does.
    (void)::mount(nullptr, "/run", nullptr, MS_REMOUNT | MS_NOSUID | MS_NODEV, nullptr);
    if (::mount(kExitRoot, kExitRoot, nullptr, MS_BIND, nullptr) != 0 ||
        ::mount(nullptr, kExitRoot, nullptr, MS_PRIVATE, nullptr) != 0) {
        return last_error("bind");
    }
    (void)::mount(nullptr, "/", nullptr, MS_PRIVATE | MS_REC, nullptr);
    bind_into_exit_root();
    if (::chdir(kExitRoot) != 0 || (::mkdir("oldroot", 0755) != 0 && errno != EEXIST)) {
        return last_error("mkdir oldroot");
    }
    if (::syscall(SYS_pivot_root, ".", "oldroot") != 0) {
        return last_error("pivot_root");
    }
    if (::chroot(".") != 0 || ::chdir("/") != 0) {
        return last_error("chroot");
    }
    return {};
}

std::string_view verb_of(Request request) noexcept {
    switch (request) {
        case Request::PowerOff:
            return "poweroff";
        case Request::Halt:
            return "halt";
        case Request::Kexec:
            return "kexec";
        case Request::None:
        case Request::Restart:
        case Request::Reboot:
            return "reboot";
    }
    return "reboot";
}

Request request_of(std::string_view verb) noexcept {
    for (const Request request : {Request::PowerOff, Request::Halt, Request::Kexec}) {
        if (verb == verb_of(request)) {
            return request;
        }
    }
    return Request::Reboot;
}

/// Waits for the child for as long as a disk may take, and no longer.
void wait_for_child(pid_t pid) noexcept {
    const MonotonicTime deadline = monotonic_now() + kLimit;
    constexpr int kPauseMilliseconds = 5;
    while (::waitpid(pid, nullptr, WNOHANG) == 0 && monotonic_now() < deadline) {
        (void)::poll(nullptr, 0, kPauseMilliseconds);
    }
}

}  // namespace

bool has_exit_root() noexcept {
    return ::access(kProgram, X_OK) == 0;
}

void keep_program_for_exit(Log& log) noexcept {
    if (has_exit_root()) {
        return;
    }
    if (const auto copied = copy_self(kProgram); !copied) {
        log.warning("%s: %s: %s; the layers of the root cannot be unmounted at shutdown", kProgram,
                    copied.error().action, errno_text(copied.error().code));
        (void)::unlink(kProgram);
    }
}

void return_to_initramfs(Request request, Log& log) noexcept {
    log.notice("returning to %s", kExitRoot);
    if (const auto pivoted = pivot(); !pivoted) {
        log.error("returning to %s: %s: %s", kExitRoot, pivoted.error().action,
                  errno_text(pivoted.error().code));
        return;
    }
    const FixedString<16> verb(verb_of(request));
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execl("/shutdown", "/shutdown", verb.c_str(), static_cast<char*>(nullptr));
    log.error("executing /shutdown: %s", errno_text(errno));
}

int exit_root_main(const char* verb) noexcept {
    block_signals();
    detach_stdio();
    Log log;
    log.open_machine();
    log.show_on_console();
    BirthLimits limits;
    const auto pid = fork_child(limits);
    if (!pid || *pid == 0) {
        const bool done = leave_old_root(log);
        if (pid) {
            ::_exit(done ? 0 : 1);
        }
    } else {
        wait_for_child(*pid);
    }
    const Request request = request_of(verb);
    log.notice("%s", verb);
    log.error("%s: %s", verb, errno_text(end_machine(request, limits, log)));
    while (true) {
        ::pause();  // a PID 1 that ends is a panic
    }
}

}  // namespace mainstay::init
