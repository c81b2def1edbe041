#include "init/boot.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "common/fd_io.h"
#include "common/version.h"
#include "init/child.h"
#include "init/cmdline.h"
#include "init/early_mounts.h"
#include "init/environment.h"
#include "init/initramfs.h"
#include "init/log.h"
#include "init/machine.h"
#include "init/power.h"
#include "init/rescue.h"
#include "init/signal_source.h"

namespace mainstay::init {
namespace {

constexpr char kOwnCmdline[] = "/etc/cmdline";

bool starts_with(std::string_view text, std::string_view prefix) noexcept {
    return text.substr(0, prefix.size()) == prefix;
}

/// Twice where it may have failed only this time: what a person typed for this one boot is in
/// there.
void read_words(const char* path, Cmdline& cmdline, MountFailures& failures) noexcept {
    std::array<char, 8192> buffer;
    auto text = read_file(path, buffer);
    if (!text && text.error().code != ENOENT) {
        text = read_file(path, buffer);
    }
    if (text) {
        cmdline.read(*text);
    } else if (text.error().code != ENOENT) {
        (void)failures.push_back({path, "reading", text.error().code});
    }
}

/// A container reads no command line: the one in /proc is its host's.
Cmdline read_cmdline(MountFailures& failures) noexcept {
    Cmdline cmdline;
    if (root_is_in_memory()) {
        read_words(kOwnCmdline, cmdline, failures);
    }
    read_words("/proc/cmdline", cmdline, failures);
    return cmdline;
}

void log_mount_failures(const MountFailures& failures, bool in_container, Log& log) noexcept {
    for (const MountFailure& failure : failures) {
        // What a container may not do is the business of whoever made the container.
        if (in_container &&
            (failure.code == EPERM || failure.code == EACCES || failure.code == EROFS)) {
            continue;
        }
        log.warning("%s %s: %s", failure.action, failure.target, errno_text(failure.code));
    }
}

/// Ends as a person leaves a shell, or with a signal that asks for the end of the system: that one
/// is sent again, for the machine that comes after to find.
void wait_for_shells(RescueShells& shells, SignalSource& signals) noexcept {
    while (shells.run()) {
        pollfd watched{signals.fd(), POLLIN, 0};
        (void)::poll(&watched, 1, -1);
        int status = 0;
        for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
            (void)shells.ended(pid, ExitStatus::from_wait(status));
        }
        while (const auto received = signals.next()) {
            if (received->number == SIGCHLD || received->number == SIGHUP) {
                continue;
            }
            shells.end_all();
            ::kill(::getpid(), received->number);
            return;
        }
    }
}

/// A PID 1 that ends is a kernel panic: a shell is all that is left to offer, again and again.
[[noreturn]] void last_resort(const char* cause, Log& log, const BirthLimits& limits) noexcept {
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

/// What PID 1 cannot do without is tried for a while: memory and descriptors come back.
template <typename Attempt>
Result<void> insist(const char* what, Log& log, Attempt&& attempt) noexcept {
    constexpr int kMostTries = 5;
    constexpr int kPauseMilliseconds = 250;
    for (int tries = 1;; ++tries) {
        const Result<void> done = attempt();
        if (done || tries == kMostTries) {
            return done;
        }
        log.error("%s: %s; trying again", what, errno_text(done.error().code));
        (void)::poll(nullptr, 0, kPauseMilliseconds * tries);
    }
}

/// @returns the exit code of a container
int run_machine(const BootOptions& options, const Cmdline& cmdline, Role role, Log& log,
                const BirthLimits& limits) noexcept {
    const bool in_container = role == Role::Container;
    SignalSource signals;
    if (const auto opened = insist("signalfd", log, [&] { return signals.open(); }); !opened) {
        log.error("signalfd: %s", errno_text(opened.error().code));
        return 1;
    }
    if (options.single_user || cmdline.single_user) {
        RescueShells shells(log, limits);
        (void)shells.start("Single-user mode was asked for.");
        wait_for_shells(shells, signals);
    }
    Machine machine({options.inittab, options.style, in_container, cmdline.shutdown_timeout}, log,
                    limits, signals);
    const auto prepared = insist("reserving memory", log, [&] { return machine.prepare(); });
    if (!prepared) {
        log.error("reserving memory: %s", errno_text(prepared.error().code));
        return 1;
    }
    return machine.run();
}

}  // namespace

BootOptions parse_boot_options(int argc, char** argv) noexcept {
    constexpr std::string_view kInittabOption = "--inittab=";
    BootOptions options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word(argv[i]);
        if (starts_with(word, kInittabOption)) {
            options.inittab = argv[i] + kInittabOption.size();
        } else if (word == "--style=busybox") {
            options.style = InittabStyle::Busybox;
        } else if (word == "--style=sysvinit") {
            options.style = InittabStyle::Sysvinit;
        } else if (word == "--container=yes") {
            options.container = true;
        } else if (word == "--container=no") {
            options.container = false;
        } else {
            Cmdline one_word;
            one_word.read(word);
            options.single_user = options.single_user || one_word.single_user;
        }
    }
    return options;
}

int boot(int argc, char** argv) noexcept {
    block_signals();
    ::umask(022);
    [[maybe_unused]] const int always_there = ::chdir("/");
    const BootOptions options = parse_boot_options(argc, argv);
    MountFailures failures;
    mount_proc(failures);
    const bool in_container = is_container(options.container);
    const Cmdline cmdline = in_container ? Cmdline{} : read_cmdline(failures);
    if (cmdline.early_mounts) {
        mount_early(failures);
    }
    const Role role = detect_role(argv[0], options.container, cmdline);
    BirthLimits limits;
    limits.take_and_raise();
    set_base_variables();
    Log log;
    if (in_container) {
        log.open_container();
    } else {
        make_console_node();
        log.open_machine();
        ::setsid();
        detach_stdio();
        take_over_ctrl_alt_del();
    }
    log.notice("Mainstay %s (%s)", kVersion, kCommit);
    log_mount_failures(failures, in_container, log);
    if (role == Role::Initramfs) {
        run_initramfs(cmdline, argv, log, limits);
    }
    const int code = run_machine(options, cmdline, role, log, limits);
    if (!in_container) {
        last_resort("PID 1 can neither go on nor end.", log, limits);
    }
    return code;
}

}  // namespace mainstay::init
