#include "init/initramfs.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "common/clock.h"
#include "common/exit_status.h"
#include "common/fd_io.h"
#include "common/paths.h"
#include "common/signals.h"
#include "init/early_record.h"
#include "init/environment.h"
#include "init/power.h"
#include "init/rescue.h"
#include "init/root_worker.h"
#include "init/signal_source.h"
#include "init/switch_root.h"
#include "init/uevents.h"
#include "init/watchdog.h"

namespace mainstay::init {
namespace {

/// Beyond the worker's own deadline for the device: for a disk that hangs while it is probed or
/// mounted.
constexpr Duration kWorkerGrace = std::chrono::seconds(60);

class InitramfsBoot {
  public:
    InitramfsBoot(const Cmdline& cmdline, char** argv, Log& log, const BirthLimits& limits) noexcept
        : cmdline_(cmdline), argv_(argv), log_(log), limits_(limits), shells_(log, limits) {
        early_.started = in_seconds(boottime_now());
    }

    [[noreturn]] void run() noexcept {
        if (const auto opened = signals_.open(); !opened) {
            log_.error("signalfd: %s; signals are not heard", errno_text(opened.error().code));
        }
        (void)watchdog_.take_over(log_);
        if (!cmdline_.unknown_break.empty()) {
            log_.warning("rd.break=%s: there are modules, root, mount and switch",
                         cmdline_.unknown_break.c_str());
        }
        start_worker();
        while (true) {
            wait_for_something();
            reap();
            handle_signals();
            handle_timers();
        }
    }

  private:
    void start_worker() noexcept {
        retries_on_uevent_ = false;
        if (const auto started = worker_.start(cmdline_, passed_, log_, limits_); !started) {
            Cause cause;
            cause.append_format("Starting the search for the root failed: %s.",
                                errno_text(started.error().code));
            rescue(cause);
            return;
        }
        arm_worker_deadline();
    }

    void arm_worker_deadline() noexcept {
        // It may wait for three devices: those of the root, of its overlay and of /usr.
        worker_deadline_ = cmdline_.wait_for_root ? MonotonicTime::max()
                                                  : monotonic_now() + cmdline_.root_delay +
                                                        3 * cmdline_.root_timeout + kWorkerGrace;
    }

    void hear_worker() noexcept {
        switch (worker_.hear()) {
            case RootWorker::Heard::Nothing:
                break;
            case RootWorker::Heard::Checking:
                worker_deadline_ = MonotonicTime::max();
                break;
            case RootWorker::Heard::Checked:
                arm_worker_deadline();
                break;
        }
    }

    void wait_for_something() noexcept {
        const MonotonicTime next =
            std::min(worker_.pid() != 0 ? worker_deadline_ : end_at_, watchdog_.due());
        int timeout = -1;
        if (next != MonotonicTime::max()) {
            const auto left = std::clamp<Duration>(next - monotonic_now(), Duration::zero(),
                                                   std::chrono::hours(1));
            timeout = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
        }
        std::array<pollfd, 3> watched{{{signals_.fd(), POLLIN, 0},
                                       {retries_on_uevent_ ? uevents_.fd() : -1, POLLIN, 0},
                                       {worker_.fd(), POLLIN, 0}}};
        (void)::poll(watched.data(), watched.size(), timeout);
        if (watched[2].revents != 0) {
            hear_worker();
        }
        if ((watched[1].revents & POLLIN) != 0) {
            Uevent event;
            while (uevents_.next(event)) {
            }
            start_worker();
        }
    }

    void reap() noexcept {
        while (true) {
            int wait_status = 0;
            const pid_t pid = ::waitpid(-1, &wait_status, WNOHANG);
            if (pid <= 0) {
                return;
            }
            if (pid == worker_.pid()) {
                handle_report(worker_.finish());
            } else {
                handle_shell(shells_.ended(pid, ExitStatus::from_wait(wait_status)));
            }
        }
    }

    void handle_report(const RootReport& report) noexcept {
        worker_deadline_ = MonotonicTime::max();
        switch (report.outcome) {
            case RootReport::Outcome::Break:
                stop_at(report.break_point);
                return;
            case RootReport::Outcome::Reboot:
                log_.show_on_console();
                log_.warning("%s", report.cause.c_str());
                end_system(Request::Reboot);
                return;
            case RootReport::Outcome::Ready:
                switch_over(report);
                return;
            case RootReport::Outcome::Failed:
            case RootReport::Outcome::Checking:
            case RootReport::Outcome::Checked:
                rescue(report.cause);
                return;
        }
    }

    /// A shell because somebody asked for it, not because anything failed.
    void stop_at(BreakPoint point) noexcept {
        passed_.add(point);
        const std::string_view name = to_string(point);
        Cause text;
        text.append_format("rd.break=%.*s: nothing has failed.", printable_length(name),
                           name.data());
        if (cmdline_.rescue_shell && shells_.start(text.c_str())) {
            log_.hide_from_console();
            return;
        }
        log_.warning("%s There is no shell, or none is allowed: going on.", text.c_str());
        start_worker();
    }

    /// For the next init, which sees only its own time.
    void leave_record() noexcept {
        early_.switched = in_seconds(boottime_now());
        (void)::mkdir(kRunDirectory, 0755);
        const auto file = open_file(kEarlyRecord, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (!file || !write_all(file->get(), to_text(early_))) {
            log_.warning("%s: %s", kEarlyRecord, errno_text(errno));
        }
    }

    void switch_over(const RootReport& report) noexcept {
        early_.mounted = in_seconds(boottime_now());
        // Its module may have been loaded only now; where it is missing the real root says so.
        if (!watchdog_.runs() && !cmdline_.watchdog.empty() && watchdog_is_there()) {
            watchdog_.start(cmdline_.watchdog, log_);
        }
        watchdog_.hand_over(log_);
        leave_record();
        const auto cause = switch_root(report.init_path.c_str(), argv_, log_, limits_);
        watchdog_.take_back();
        rescue(cause);
    }

    bool watchdog_is_there() const noexcept {
        const auto setting = parse_watchdog(cmdline_.watchdog);
        return setting && ::access(setting->device.c_str(), F_OK) == 0;
    }

    void handle_shell(RescueShells::Ended ended) noexcept {
        if (ended == RescueShells::Ended::GoOn) {
            log_.hide_from_console();
            log_.notice("the shell was left: going on with the boot");
            start_worker();
        } else if (ended == RescueShells::Ended::NoneWorked) {
            give_up_on_shells();
        }
    }

    void rescue(const Cause& cause) noexcept {
        Cause whole = cause;
        if (initramfs_is_cut_off()) {
            whole.append(" The initramfs is cut off: make it, or copy it, again.");
        }
        log_.show_on_console();
        log_.error("%s", whole.c_str());
        // The shells' consoles are theirs alone: from now on only the kernel's log gets lines.
        if (cmdline_.rescue_shell && shells_.start(whole.c_str())) {
            log_.hide_from_console();
            return;
        }
        give_up_on_shells();
    }

    /// Nobody can be asked: try again whenever a device changes, until the command line's deadline.
    void give_up_on_shells() noexcept {
        if (cmdline_.emergency != EmergencyAction::None) {
            const std::string_view what = to_string(request_for(cmdline_.emergency));
            log_.error("there is no shell, or none is allowed: %.*s (rd.emergency=)",
                       printable_length(what), what.data());
            end_system(request_for(cmdline_.emergency));
        }
        retries_on_uevent_ = uevents_.fd() >= 0 || uevents_.open().has_value();
        if (cmdline_.panic_seconds < 0) {
            end_system(Request::Reboot);
        }
        if (cmdline_.panic_seconds > 0) {
            // Counted from the first failure: devices that come and go do not put it off.
            end_at_ =
                std::min(end_at_, monotonic_now() + std::chrono::seconds(cmdline_.panic_seconds));
            log_.error("rebooting in %d s (panic=), or trying again when a device changes",
                       cmdline_.panic_seconds);
        } else {
            log_.error("no shell is allowed or there is none; trying again when a device changes");
        }
    }

    static Request request_for(EmergencyAction action) noexcept {
        switch (action) {
            case EmergencyAction::PowerOff:
                return Request::PowerOff;
            case EmergencyAction::Halt:
                return Request::Halt;
            case EmergencyAction::None:
            case EmergencyAction::Reboot:
                return Request::Reboot;
        }
        return Request::Reboot;
    }

    void handle_signals() noexcept {
        while (const auto received = signals_.next()) {
            switch (received->number) {
                case SIGINT:
                case SIGTERM:
                case kSignalReboot:
                    log_.notice("reboot asked for by %s", received->sender.c_str());
                    end_system(Request::Reboot);
                    break;
                case SIGUSR2:
                case SIGPWR:
                case kSignalPowerOff:
                    log_.notice("power-off asked for by %s", received->sender.c_str());
                    end_system(Request::PowerOff);
                    break;
                case SIGUSR1:
                case kSignalHalt:
                    log_.notice("halt asked for by %s", received->sender.c_str());
                    end_system(Request::Halt);
                    break;
                default:
                    break;
            }
        }
        reap();
    }

    void handle_timers() noexcept {
        const MonotonicTime now = monotonic_now();
        watchdog_.pet_if_due(now);
        if (worker_.pid() != 0 && worker_deadline_ <= now) {
            log_.error("the search for the root hangs; ending it");
            worker_.kill();
            worker_deadline_ = MonotonicTime::max();
        }
        // A search that is under way may still succeed.
        if (worker_.pid() == 0 && end_at_ <= now) {
            end_system(Request::Reboot);
        }
    }

    /// Nothing runs yet that would have to be stopped in order; a root that is mounted is synced.
    void end_system(Request request) noexcept {
        const auto pid = fork_child(limits_);
        if (pid && *pid == 0) {
            ::sync();
            ::_exit(0);
        }
        constexpr int kSyncMilliseconds = 2000;
        if (pid) {
            for (int waited = 0; waited < kSyncMilliseconds; waited += 20) {
                if (::waitpid(*pid, nullptr, WNOHANG) != 0) {
                    break;
                }
                (void)::poll(nullptr, 0, 20);
            }
        }
        log_.error("reboot(2): %s", errno_text(end_machine(request, limits_, log_)));
    }

    const Cmdline& cmdline_;
    char** argv_;
    Log& log_;
    const BirthLimits& limits_;
    SignalSource signals_;
    UeventSource uevents_;
    RootWorker worker_;
    EarlyRecord early_;
    BreakPoints passed_;  ///< where a shell was given already
    Watchdog watchdog_;
    RescueShells shells_;
    MonotonicTime worker_deadline_ = MonotonicTime::max();
    MonotonicTime end_at_ = MonotonicTime::max();
    bool retries_on_uevent_ = false;
};

}  // namespace

void run_initramfs(const Cmdline& cmdline, char** argv, Log& log,
                   const BirthLimits& limits) noexcept {
    InitramfsBoot(cmdline, argv, log, limits).run();
}

}  // namespace mainstay::init
