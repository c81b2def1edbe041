#include "init/shutdown.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <utility>

#include "common/fd_io.h"
#include "init/fsck_request.h"
#include "init/logins.h"
#include "init/shutdown_clock.h"
#include "init/shutdown_command.h"
#include "init/shutdown_lock.h"
#include "init/telinit.h"
#include "init/wall.h"

namespace mainstay::init {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr char kName[] = "shutdown";
constexpr char kNoLogin[] = "/run/nologin";
constexpr char kAllowed[] = "/etc/shutdown.allow";

int print_usage(std::FILE* stream) noexcept {
    std::fputs(
        "Usage: shutdown [-h | -r] [-H | -P] [OPTION]... TIME [MESSAGE]...\n"
        "       shutdown -c [MESSAGE]...\n"
        "TIME is now, +MINUTES, +HOURS:MINUTES, or HH:MM by the clock.\n"
        "  -h, -P      switch the power off (the default)\n"
        "  -H          halt\n"
        "  -r          reboot\n"
        "  -c          cancel the one that waits\n"
        "  -k          only warn\n"
        "  -t SECONDS  between TERM and KILL\n"
        "  -f, -F      skip or force fsck at the next boot\n"
        "  -q, -Q      fewer warnings, or only the last\n"
        "  -a          only if root or a user in /etc/shutdown.allow is logged in at the console\n"
        "      --help  this text\n",
        stream);
    return stream == stdout ? 0 : kExitUsage;
}

/// To the kernel's log, from where a syslog daemon gets it. A container has none.
[[gnu::format(printf, 1, 2)]] void note(const char* format, ...) noexcept {
    FixedString<512> line;
    line.append_format("<5>shutdown[%d]: ", ::getpid());
    va_list arguments;
    va_start(arguments, format);
    line.append_format_v(format, arguments);
    va_end(arguments);
    if (const auto log = open_file("/dev/kmsg", O_WRONLY | O_NONBLOCK)) {
        (void)write_all(log->get(), line.append("\n")).has_value();
    }
}

/// A descriptor that tells of ctrl-C, `shutdown -c` and TERM. All else that a terminal sends is of
/// no account: whoever called may log out.
UniqueFd catch_signals() noexcept {
    for (const int signal : {SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE}) {
        (void)::signal(signal, SIG_IGN);
    }
    sigset_t wanted;
    ::sigemptyset(&wanted);
    ::sigaddset(&wanted, SIGINT);
    ::sigaddset(&wanted, SIGTERM);
    (void)::sigprocmask(SIG_BLOCK, &wanted, nullptr);
    return UniqueFd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
}

bool is_on_virtual_console(const Login& login) noexcept {
    constexpr unsigned kDriver = 4;
    constexpr unsigned kConsoles = 63;
    FixedString<40> path("/dev/");
    path.append(login.terminal);
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISCHR(info.st_mode) &&
           major(info.st_rdev) == kDriver && minor(info.st_rdev) <= kConsoles;
}

/// Whether somebody sits at this machine who may. Without the file everybody may.
bool is_allowed() noexcept {
    std::array<char, 16384> buffer;
    const auto allowed = read_file(kAllowed, buffer);
    if (!allowed) {
        return allowed.error().code == ENOENT;
    }
    Logins logins;
    Login login;
    while (logins.next(login)) {
        if (is_on_virtual_console(login) &&
            (login.user == "root" || names_user(*allowed, login.user))) {
            return true;
        }
    }
    return false;
}

int refuse_unallowed() noexcept {
    constexpr std::string_view kText =
        "shutdown: nobody whom /etc/shutdown.allow names is logged in on a virtual console\r\n";
    std::fwrite(kText.data(), 1, kText.size(), stderr);
    if (const auto console = open_file("/dev/console", O_WRONLY | O_NONBLOCK)) {
        (void)write_patiently(console->get(), kText, std::chrono::seconds(1)).has_value();
    }
    return kExitFailed;
}

int cancel(const ShutdownCommand& command) noexcept {
    constexpr int kPatience = 10'000;
    const auto holder = ShutdownLock::holder();
    // The descriptor, then another look: the number may have become another process's.
    const UniqueFd process(holder ? static_cast<int>(::syscall(SYS_pidfd_open, *holder, 0)) : -1);
    if (!holder || !process.valid() || ShutdownLock::holder() != holder) {
        std::fputs("shutdown: no shutdown waits, there is nothing to cancel\n", stderr);
        return kExitFailed;
    }
    if (::kill(*holder, SIGINT) != 0) {
        std::fprintf(stderr, "shutdown: cancelling pid %d: %s\n", *holder, errno_text(errno));
        return kExitFailed;
    }
    pollfd ended{process.get(), POLLIN, 0};
    if (::poll(&ended, 1, kPatience) != 1) {
        std::fprintf(stderr, "shutdown: pid %d does not end: kill -9 %d ends it\n", *holder,
                     *holder);
        return kExitFailed;
    }
    WallText text;
    if (!command.message.empty()) {
        append_for_terminal(text, command.message);
        text.append("\r\n");
    }
    tell_everybody(text.append("The shutdown is cancelled.\r\n"));
    return 0;
}

/// One shutdown from its announcement to its end.
class Shutdown {
  public:
    explicit Shutdown(const ShutdownCommand& command) noexcept
        : command_(command), clock_(command.time), countdown_(command.quiet) {}

    int run() noexcept {
        if (!command_.only_warns && !pid1_knows_requests(kName)) {
            return kExitFailed;
        }
        if (const auto taken = lock_.take(); !taken && taken.error().code == EAGAIN) {
            std::fprintf(stderr,
                         "shutdown: one is waiting already (pid %d); cancel it with shutdown -c\n",
                         ShutdownLock::holder().value_or(0));
            return kExitFailed;
        } else if (!taken) {
            std::fprintf(stderr, "shutdown: %s: %s; shutdown -c will not find this one\n",
                         kShutdownPidFile, errno_text(taken.error().code));
        }
        signals_ = catch_signals();
        request_fsck();
        announce();
        return wait() ? go_down() : give_up();
    }

  private:
    void request_fsck() noexcept {
        if (command_.only_warns) {
            return;
        }
        if (command_.skips_fsck) {
            leave_request(kSkipFsckFile, skip_fsck_);
        }
        if (command_.forces_fsck) {
            leave_request(kForceFsckFile, force_fsck_);
        }
    }

    static void leave_request(const char* path, bool& is_ours) noexcept {
        is_ours = open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644).has_value();
        if (!is_ours && errno != EEXIST) {
            std::fprintf(stderr, "shutdown: %s: %s\n", path, errno_text(errno));
        }
    }

    void announce() const noexcept {
        const Duration left = clock_.left();
        if (left <= Duration::zero()) {
            return;
        }
        const std::int64_t due = clock_.due_second_of_day() / 60;
        const std::string_view what = shutdown_noun(command_.request);
        std::fprintf(stderr, "shutdown: %s%.*s at %02d:%02d; ctrl-C or shutdown -c cancels it\n",
                     command_.only_warns ? "warning of a " : "", static_cast<int>(what.size()),
                     what.data(), static_cast<int>(due / 60), static_cast<int>(due % 60));
        note("%.*s at %02d:%02d", static_cast<int>(what.size()), what.data(),
             static_cast<int>(due / 60), static_cast<int>(due % 60));
    }

    /// @returns whether the time has come; false where it was cancelled
    bool wait() noexcept {
        while (true) {
            const Countdown::Step step = countdown_.step(clock_.left());
            if (step.is_over) {
                return !was_cancelled(0);
            }
            refuse_logins(step.refuses_logins && !command_.only_warns);
            if (step.warn) {
                tell_everybody(shutdown_warning(command_, *step.warn));
            }
            if (sleep_until(step.next)) {
                return false;
            }
        }
    }

    /// @returns whether it was cancelled
    bool sleep_until(Duration left) noexcept {
        const auto timer = clock_.timer_for(left);
        if (!timer) {
            // Without a timer at least look once a minute.
            constexpr int kMinute = 60'000;
            return was_cancelled(kMinute);
        }
        std::array<pollfd, 2> watched{{{signals_.get(), POLLIN, 0}, {timer->get(), POLLIN, 0}}};
        (void)::poll(watched.data(), watched.size(), -1);
        return watched[0].revents != 0;
    }

    bool was_cancelled(int milliseconds) const noexcept {
        pollfd watched{signals_.get(), POLLIN, 0};
        return ::poll(&watched, 1, milliseconds) == 1;
    }

    void refuse_logins(bool wanted) noexcept {
        if (wanted == refuses_logins_) {
            return;
        }
        refuses_logins_ = wanted;
        if (!wanted) {
            (void)::unlink(kNoLogin);
            return;
        }
        const std::int64_t due = clock_.due_second_of_day() / 60;
        WallText text;
        text.append_format("The system is going down at %02d:%02d.\n", static_cast<int>(due / 60),
                           static_cast<int>(due % 60));
        if (!command_.message.empty()) {
            append_for_terminal(text, command_.message);
            text.append("\n");
        }
        const auto file = open_file(kNoLogin, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644);
        if (!file || !write_all(file->get(), text)) {
            std::fprintf(stderr, "shutdown: %s: %s; people can still log in\n", kNoLogin,
                         errno_text(errno));
        }
    }

    int go_down() noexcept {
        tell_everybody(shutdown_warning(command_, 0));
        refuse_logins(false);
        lock_.give_up();
        if (command_.only_warns) {
            std::fputs("shutdown: that was a warning only (-k)\n", stderr);
            return 0;
        }
        const std::string_view what = shutdown_noun(command_.request);
        note("%.*s", static_cast<int>(what.size()), what.data());
        const int code = ask_pid1(kName, command_.request, command_.patience_seconds);
        if (code != 0) {
            withdraw_fsck();
        }
        return code;
    }

    int give_up() noexcept {
        refuse_logins(false);
        withdraw_fsck();
        lock_.give_up();
        note("cancelled");
        std::fputs("\nshutdown: cancelled\n", stderr);
        return 0;
    }

    void withdraw_fsck() const noexcept {
        if (skip_fsck_) {
            (void)::unlink(kSkipFsckFile);
        }
        if (force_fsck_) {
            (void)::unlink(kForceFsckFile);
        }
    }

    const ShutdownCommand& command_;
    ShutdownClock clock_;
    Countdown countdown_;
    ShutdownLock lock_;
    UniqueFd signals_;
    bool refuses_logins_ = false;
    bool skip_fsck_ = false;  ///< the file is ours
    bool force_fsck_ = false;
};

}  // namespace

int shutdown_main(int argc, char** argv) noexcept {
    const ShutdownCommand command = read_shutdown_command(argc, argv);
    if (command.ask == ShutdownCommand::Ask::Help) {
        return print_usage(stdout);
    }
    if (command.ask == ShutdownCommand::Ask::Complain) {
        std::fprintf(stderr, "shutdown: %s (see shutdown --help)\n", command.complaint.c_str());
        return kExitUsage;
    }
    if (::geteuid() != 0) {
        std::fputs("shutdown: only root may\n", stderr);
        return kExitFailed;
    }
    if (command.needs_allowed_user && !is_allowed()) {
        return refuse_unallowed();
    }
    return command.ask == ShutdownCommand::Ask::Cancel ? cancel(command) : Shutdown(command).run();
}

}  // namespace mainstay::init
