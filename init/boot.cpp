#include "init/boot.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "common/clock.h"
#include "common/fd_io.h"
#include "common/version.h"
#include "init/boot_record.h"
#include "init/child.h"
#include "init/cmdline.h"
#include "init/early_mounts.h"
#include "init/environment.h"
#include "init/initramfs.h"
#include "init/log.h"
#include "init/pid1.h"
#include "init/power.h"
#include "init/rescue.h"
#include "init/resume.h"
#include "init/signal_source.h"
#include "init/terminal.h"

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
        (void)failures.push_back({path, "reading", text.error().code, nullptr});
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
        const bool is_unknown =
            failure.code == ENODEV && std::string_view(failure.action) == "mount";
        log.warning(
            "%s %s: %s%s%s", failure.action, failure.target,
            is_unknown ? "this kernel does not have its file system" : errno_text(failure.code),
            failure.without != nullptr ? "; " : "",
            failure.without != nullptr ? failure.without : "");
    }
}

void log_console_node(ConsoleNode node, int why, Log& log) noexcept {
    switch (node) {
        case ConsoleNode::WasThere:
            break;
        case ConsoleNode::Made:
            log.notice("there was no /dev/console: made it");
            break;
        case ConsoleNode::Missing:
            log.warning(
                "there is no /dev/console, and it cannot be made: %s; what has no terminal "
                "of its own is not seen",
                errno_text(why));
            break;
    }
}

void open_container(Log& log) noexcept {
    log.open_container();
    leave_terminal();
}

void open_machine(Log& log) noexcept {
    const ConsoleNode node = make_console_node();
    const int why = errno;
    log.open_machine();
    log_console_node(node, why, log);
    ::setsid();
    detach_stdio();
    take_over_ctrl_alt_del();
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
            options.level.take(word);
        }
    }
    return options;
}

int begin(int argc, char** argv, StateMemory memory, const FaultRecord* faults) noexcept {
    const Duration started = boottime_now();
    ::umask(022);
    [[maybe_unused]] const int always_there = ::chdir("/");
    Pid1 pid1{parse_boot_options(argc, argv), std::move(memory), {}, {}};
    const BootOptions& options = pid1.options;
    MountFailures failures;
    mount_proc(failures);
    const bool in_container = is_container(options.container);
    const Cmdline cmdline = in_container ? Cmdline{} : read_cmdline(failures);
    if (cmdline.early_mounts) {
        mount_early(failures);
    }
    const Role role = detect_role(argv[0], options.container, cmdline);
    pid1.limits.take_and_raise();
    set_base_variables();
    Log& log = pid1.log;
    in_container ? open_container(log) : open_machine(log);
    log.notice("Mainstay %s (%s)", kVersion, kCommit);
    log_mount_failures(failures, in_container, log);
    if (faults != nullptr) {
        SignalSource signals;
        (void)signals.open().has_value();
        deal_with_faults(pid1, judge(*faults, monotonic_now()), signals,
                         in_container ? Role::Container : role);
    }
    if (!in_container && initramfs_is_cut_off()) {
        log.error(
            "the initramfs is cut off: its last file is missing; going on with what is there");
    }
    if (role == Role::Initramfs) {
        run_initramfs(cmdline, argv, log, pid1.limits);
    }
    if (!in_container) {
        begin_boot_record(in_seconds(started), log);
    }
    LevelWords level = cmdline.level;
    level.take(options.level);
    if (level.is_auto) {
        (void)::setenv("AUTOBOOT", "YES", 1);
    }
    const MachineOptions machine_options{options.inittab,
                                         options.style,
                                         in_container,
                                         cmdline.shutdown_timeout,
                                         cmdline.watchdog,
                                         level.level,
                                         in_container ? started : Duration::zero()};
    return run_machine(pid1, machine_options, [&](Machine& machine, SignalSource& signals) {
        // With runlevels the single-user shell is an entry of one of them, after sysinit.
        if (level.rescue_first ||
            (level.asks_for_shell() && machine.look_at_inittab() == InittabStyle::Busybox)) {
            RescueShells shells(log, pid1.limits);
            constexpr char kCause[] = "Single-user mode was asked for.";
            (void)(in_container ? shells.start_on_own_terminal(kCause) : shells.start(kCause));
            (void)wait_for_shells(shells, signals);
        }
        machine.begin();
    });
}

int boot(int argc, char** argv) noexcept {
    const StartWord word = read_start_word(argc, argv);
    StateMemory memory;
    if (word.start == Start::Fresh) {
        if (auto made = StateMemory::create()) {
            memory = std::move(*made);
        }
    }
    // From here on a fault is not the end.
    install_fault_handler(
        {word.start, word.start == Start::Fresh ? memory.fd() : word.state_fd, word.program_fd},
        argc, argv);
    block_signals();
    if (word.start == Start::Fresh) {
        return begin(argc, argv, std::move(memory), nullptr);
    }
    return resume(argc, argv, word);
}

}  // namespace mainstay::init
