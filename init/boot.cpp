#include "init/boot.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

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

namespace mainstay::init {
namespace {

constexpr char kOwnCmdline[] = "/etc/cmdline";

bool starts_with(std::string_view text, std::string_view prefix) noexcept {
    return text.substr(0, prefix.size()) == prefix;
}

/// A container reads no command line: the one in /proc is its host's.
Cmdline read_cmdline() noexcept {
    Cmdline cmdline;
    std::array<char, 8192> buffer;
    if (root_is_in_memory()) {
        if (const auto text = read_file(kOwnCmdline, buffer)) {
            cmdline.read(*text);
        }
    }
    if (const auto text = read_file("/proc/cmdline", buffer)) {
        cmdline.read(*text);
    }
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

/// Nothing more can be done, but a PID 1 that ends is a kernel panic: stay and bury the dead.
[[noreturn]] void stay_for_ever() noexcept {
    while (true) {
        if (::waitpid(-1, nullptr, 0) < 0) {
            ::sleep(1);
        }
    }
}

/// A shell before anything else starts, as asked for on the command line. Boot goes on when it
/// ends.
void run_single_user_shell(Log& log, const BirthLimits& limits) noexcept {
    RescueShells shells(log, limits);
    if (!shells.start("Single-user mode was asked for.")) {
        return;
    }
    while (shells.run()) {
        int status = 0;
        const pid_t pid = ::waitpid(-1, &status, 0);
        if (pid > 0) {
            (void)shells.ended(pid, ExitStatus::from_wait(status));
        } else if (errno != EINTR) {
            return;
        }
    }
}

int run_machine(const BootOptions& options, const Cmdline& cmdline, Role role, Log& log,
                const BirthLimits& limits) noexcept {
    SignalSource signals;
    if (const auto opened = signals.open(); !opened) {
        log.error("signalfd: %s; PID 1 cannot work without", errno_text(opened.error().code));
        return 1;
    }
    if (options.single_user || cmdline.single_user) {
        run_single_user_shell(log, limits);
    }
    const MachineOptions machine_options{options.inittab, options.style, role == Role::Container,
                                         cmdline.shutdown_timeout};
    Machine machine(machine_options, log, limits, signals);
    if (const auto prepared = machine.prepare(); !prepared) {
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
    const Cmdline cmdline = in_container ? Cmdline{} : read_cmdline();
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
        stay_for_ever();
    }
    return code;
}

}  // namespace mainstay::init
