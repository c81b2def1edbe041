#include "init/minimal_init.h"

#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <ctime>

#include "common/error.h"
#include "common/fd_io.h"
#include "init/child.h"
#include "init/container_child.h"
#include "init/container_state.h"
#include "init/container_voice.h"
#include "init/services_keeper.h"
#include "init/terminal.h"

namespace mainstay::init {
namespace {

constexpr int kExitFailed = 1;
constexpr Duration kSupervisorPause = std::chrono::seconds(1);

/// @p signal to all that descend from @p parent, as far as the kernel lists them: children of a
/// thread other than the first are found when they have become ours.
void signal_descendants(pid_t parent, int signal, int depth = 0) noexcept {
    constexpr int kMostGenerations = 16;
    FixedString<64> path;
    path.append_format("/proc/%d/task/%d/children", parent, parent);
    std::array<char, 4096> buffer;
    auto text = read_file(path.c_str(), buffer);
    if (!text) {
        text = read_file(path.c_str(), buffer);  // where it failed only for the moment
    }
    if (!text || depth == kMostGenerations) {
        return;
    }
    for (const char *place = text->data(), *end = place + text->size(); place < end; ++place) {
        pid_t child = 0;
        place = std::from_chars(place, end, child).ptr;
        if (child > 0) {
            signal_descendants(child, signal, depth + 1);
            ::kill(child, signal);
        }
    }
}

class MinimalInit final : Keeper::Kin {
  public:
    explicit MinimalInit(const ContainerOptions& options) noexcept
        : options_(options), voice_(options.style, options.verbosity), policy_{options.grace} {}

    int run() noexcept {
        take_signals();
        if (!take_role() || !start_command()) {
            return kExitFailed;
        }
        // Of what was passed on nothing is ours: a pipe's reader is to see its end.
        (void)::syscall(SYS_close_range, STDERR_FILENO + 1, UINT_MAX, 0);
        if (options_.has_services) {
            begin_services();
        } else {
            [[maybe_unused]] const int always_there = ::chdir("/");
        }
        while (state_.phase != ContainerPhase::Ended) {
            const int received = wait_for_signal();
            // The dead first: nobody is sent a signal who is gone.
            reap();
            if (services_.is_open()) {
                services_.listen();
            }
            obey(received);
            handle_deadlines();
            reap();  // nobody may be left for those to wait for
        }
        return state_.code.value_or(0);
    }

  private:
    void take_signals() noexcept {
        ::sigprocmask(SIG_SETMASK, nullptr, &born_with_);
        block_signals();
        // Who was told to ignore this one would never hear of a child's end.
        struct sigaction plain {};
        plain.sa_handler = SIG_DFL;
        (void)::sigaction(SIGCHLD, &plain, nullptr);
        ::sigfillset(&awaited_);
        for (const int fault : kFaultSignals) {
            ::sigdelset(&awaited_, fault);
        }
    }

    bool take_role() noexcept {
        const int number = options_.parent_death_signal;
        if (number != 0 && ::prctl(PR_SET_PDEATHSIG, number) != 0) {
            voice_.fatal("-p %d: %s", number, errno_text(errno));
            return false;
        }
        if (::getpid() == 1) {
            return true;
        }
        if (options_.is_subreaper && ::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
            voice_.fatal("becoming a subreaper: %s", errno_text(errno));
            return false;
        }
        int adopts = 0;
        const bool is_known = ::prctl(PR_GET_CHILD_SUBREAPER, &adopts) == 0;
        if (options_.style == ContainerStyle::Tini && is_known && adopts == 0) {
            voice_.warning(
                "Tini is not running as PID 1 and isn't registered as a child subreaper: "
                "orphans go to another process.\nUse -s, set TINI_SUBREAPER, or run it "
                "as PID 1.");
        }
        return true;
    }

    /// @returns false where it cannot be; true where there is none
    bool start_command() noexcept {
        if (options_.new_session) {
            leave_terminal();
        }
        if (options_.command == nullptr) {
            return true;
        }
        command_ = ::fork();
        if (command_ == 0) {
            become_command(options_, born_with_, voice_);
        }
        if (command_ < 0) {
            voice_.fatal("fork: %s", errno_text(errno));
            return false;
        }
        voice_.info("started '%s' as pid %d", options_.command[0], command_);
        state_.command_lives = true;
        return true;
    }

    void begin_services() noexcept {
        services_.open();
        state_.supervisor_lives = true;
        start_supervisor();
    }

    /// Until it can be, it is tried again.
    void start_supervisor() noexcept {
        const auto link = services_.renew_link();
        const pid_t pid = link ? ::fork() : -1;
        if (pid == 0) {
            services_.hand_over(link->get());
            become_supervisor(options_, voice_);
        }
        supervisor_ = std::max(pid, 0);
        if (pid < 0) {
            const Error why = link ? last_error("fork") : link.error();
            voice_.warning("the supervisor: %s: %s; tried again in a second", why.action,
                           errno_text(why.code));
        }
        restart_at_ = pid < 0 ? monotonic_now() + kSupervisorPause : MonotonicTime::max();
    }

    // ---- what happens ---------------------------------------------------------------------------

    /// @returns 0 when a deadline has passed
    int wait_for_signal() noexcept {
        const auto due = std::min(deadline_, restart_at_);
        if (services_.is_open()) {
            return services_.wait(due);
        }
        const auto left = std::max(due - monotonic_now(), Duration::zero());
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
        const timespec timeout{static_cast<time_t>(seconds.count()),
                               static_cast<long>((left - seconds).count())};
        const bool is_endless = due == MonotonicTime::max();
        return std::max(::sigtimedwait(&awaited_, nullptr, is_endless ? nullptr : &timeout), 0);
    }

    void reap() noexcept {
        while (true) {
            int wait_status = 0;
            const pid_t pid = ::waitpid(-1, &wait_status, WNOHANG);
            if (pid > 0) {
                handle_exit(pid, wait_status);
            } else if (pid == 0 || errno != EINTR) {
                if (pid < 0 && errno == ECHILD) {
                    post(EveryoneEnded{});
                }
                return;
            }
        }
    }

    void handle_exit(pid_t pid, int wait_status, pid_t reaped_before = 0) noexcept {
        const ExitStatus status = ExitStatus::from_wait(wait_status);
        voice_.debug("pid %d: %s", pid, to_text(status).c_str());
        if (pid == command_) {
            command_ended(status);
        } else if (pid == supervisor_) {
            supervisor_ended(status, reaped_before);
        } else {
            others_exit(pid, wait_status);
        }
        if (state_.phase == ContainerPhase::Kill) {
            signal_rest(SIGKILL);  // whom the dead one has left to us
        }
    }

    void others_exit(pid_t pid, int wait_status) noexcept {
        if (options_.warns_of_reaped) {
            voice_.warning("Reaped zombie process with pid=%d", pid);
        }
        // The supervisor's children became ours in the moment of its death: it may be next.
        int its_status = 0;
        const pid_t supervisor = supervisor_;
        if (supervisor > 0 && ::waitpid(supervisor, &its_status, WNOHANG) == supervisor) {
            handle_exit(supervisor, its_status, pid);
        }
        services_.handle_exit(pid, wait_status);
    }

    bool is_own(pid_t pid) noexcept override { return pid == command_; }

    void command_ended(const ExitStatus& status) noexcept {
        const std::uint8_t code = options_.forgiven.exit_code(status);
        voice_.info("the command ended: %s; exit code %d", to_text(status).c_str(), code);
        if (options_.style == ContainerStyle::DumbInit) {
            pass_on(SIGTERM);
        }
        post(CommandEnded{code});
    }

    void supervisor_ended(const ExitStatus& status, pid_t reaped_before) noexcept {
        supervisor_ = 0;
        const bool has_stopped = services_.bury(reaped_before, *this);
        const bool crashed = status.kind != ExitStatus::Kind::Exited && !has_stopped;
        if (crashed) {
            voice_.warning("the supervisor: %s", to_text(status).c_str());
        }
        post(ServicesEnded{static_cast<std::uint8_t>(status.shell_code()), crashed});
    }

    void obey(int received) noexcept {
        if (received == 0 || received == SIGCHLD) {
            return;
        }
        if (state_.command_lives) {
            pass_on(received);
            suspend_with_command(received);
        }
        if (is_stop(received)) {
            post(StopAsked{});
        }
    }

    bool is_stop(int received) const noexcept {
        return received == SIGTERM || options_.signals.translate(received) == SIGTERM ||
               (received == SIGINT && options_.command == nullptr);
    }

    void pass_on(int received) noexcept {
        const int number = options_.signals.translate(received);
        if (number == 0) {
            voice_.debug("signal %d is not passed on", received);
            return;
        }
        const pid_t target = options_.to_group ? -command_ : command_;
        if (::kill(target, number) != 0 && errno != ESRCH) {
            voice_.warning("passing on signal %d: %s", number, errno_text(errno));
        } else {
            voice_.debug("signal %d is passed on as %d", received, number);
        }
    }

    /// So that the shell that started dumb-init sees its job stop with it.
    void suspend_with_command(int received) noexcept {
        if (options_.style == ContainerStyle::DumbInit &&
            (received == SIGTSTP || received == SIGTTIN || received == SIGTTOU)) {
            ::kill(::getpid(), SIGSTOP);
        }
    }

    void handle_deadlines() noexcept {
        const MonotonicTime now = monotonic_now();
        if (restart_at_ <= now) {
            start_supervisor();
        }
        if (deadline_ <= now) {
            deadline_ = MonotonicTime::max();
            post(GraceEnded{});
        }
    }

    // ---- what to do about it --------------------------------------------------------------------

    void post(const ContainerEvent& event) noexcept {
        const ContainerStep taken = step(state_, event, policy_);
        state_ = taken.next;
        for (const ContainerEffect& effect : taken.effects) {
            if (const auto* arm = std::get_if<ContainerArm>(&effect)) {
                deadline_ = monotonic_now() + arm->after;
            } else if (const auto* what = std::get_if<ContainerDo>(&effect)) {
                perform(*what);
            }
        }
    }

    void perform(ContainerDo what) noexcept {
        switch (what) {
            case ContainerDo::TerminateCommand:
                voice_.warning("the services have ended: the command is asked to");
                pass_on(SIGTERM);
                break;
            case ContainerDo::KillCommand:
                voice_.warning("pid %d did not end in time: killed", command_);
                ::kill(options_.to_group ? -command_ : command_, SIGKILL);
                break;
            case ContainerDo::StopSupervisor:
                stop_supervisor();
                break;
            case ContainerDo::RestartSupervisor:
                restart_at_ = monotonic_now() + kSupervisorPause;
                break;
            case ContainerDo::TerminateRest:
                signal_rest(SIGTERM);
                signal_rest(SIGCONT);
                break;
            case ContainerDo::KillRest:
                voice_.warning("others did not end in time: killed");
                signal_rest(SIGKILL);
                break;
            case ContainerDo::Disarm:
                deadline_ = MonotonicTime::max();
                break;
        }
    }

    void stop_supervisor() noexcept {
        restart_at_ = MonotonicTime::max();
        if (supervisor_ > 0) {
            ::kill(supervisor_, SIGTERM);
            return;
        }
        // It has crashed and is not back yet: its services are ours.
        signal_rest(SIGTERM);
        post(ServicesEnded{0, false});
    }

    void signal_rest(int signal) noexcept {
        if (::getpid() == 1) {
            ::kill(-1, signal);  // everybody in the pid namespace but init
        } else {
            signal_descendants(::getpid(), signal);
        }
    }

    const ContainerOptions& options_;
    ContainerVoice voice_;
    ContainerPolicy policy_;
    ContainerState state_;
    ServicesKeeper services_;
    sigset_t born_with_{};
    sigset_t awaited_{};
    pid_t command_ = 0;
    pid_t supervisor_ = 0;
    MonotonicTime deadline_ = MonotonicTime::max();
    MonotonicTime restart_at_ = MonotonicTime::max();
};

ContainerVariables variables() noexcept {
    return {std::getenv("TINI_SUBREAPER"),   std::getenv("TINI_KILL_PROCESS_GROUP"),
            std::getenv("TINI_VERBOSITY"),   std::getenv("DUMB_INIT_DEBUG"),
            std::getenv("DUMB_INIT_SETSID"), std::getenv("CATATONIT_DEBUG")};
}

}  // namespace

int container_main(ContainerStyle style, int argc, char** argv) noexcept {
    const ContainerRequest request = read_container_request(style, argc, argv, variables());
    const ContainerVoice voice(style, request.options.verbosity);
    if (!request.complaint.empty() && request.ask == ContainerRequest::Ask::Run) {
        voice.warning("%s", request.complaint.c_str());
    }
    switch (request.ask) {
        case ContainerRequest::Ask::Run:
            return MinimalInit(request.options).run();
        case ContainerRequest::Ask::Help:
            print_container_help(style, argv[0]);
            return 0;
        case ContainerRequest::Ask::Version:
            print_container_version(style);
            return 0;
        case ContainerRequest::Ask::License:
            print_container_license();
            return 0;
        case ContainerRequest::Ask::Refuse:
            voice.fatal("%s (%s -h tells more)", request.complaint.c_str(), argv[0]);
            return kExitFailed;
    }
    return kExitFailed;
}

}  // namespace mainstay::init
