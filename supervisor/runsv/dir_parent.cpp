#include "supervisor/runsv/dir_parent.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "common/clock.h"
#include "common/fd_io.h"
#include "common/runit_words.h"
#include "supervisor/runsv/title_log.h"
#include "supervisor/state_memory.h"

namespace mainstay::supervisor::runsv {
namespace {

constexpr int kExitHangup = 111;
constexpr int kExitFatal = 100;
constexpr Duration kPause = std::chrono::seconds(1);
/// A dot then, so that old messages leave the log.
constexpr Duration kOldMessage = std::chrono::minutes(15);
/// Whoever writes without end does not keep us from anything else.
constexpr int kReadsAtATime = 64;

class DirParent {
  public:
    DirParent(const DirCall& call, Voice& voice, const RunHouse& house)
        : call_(call), voice_(voice), house_(house) {}

    int run() {
        if (!watch_signals()) {
            return kExitFatal;
        }
        prepare_log();
        prepare_memory();
        for (;;) {
            if (pid_ == 0 && monotonic_now() >= next_start_) {
                if (const auto code = start_house()) {
                    return *code;
                }
            }
            if (title_ && monotonic_now() >= next_dot_) {
                title_->add(".");
                next_dot_ = monotonic_now() + kOldMessage;
            }
            wait();
            read_log();
            listen_to_house();
            if (const auto code = obey_signals()) {
                return *code;
            }
        }
    }

  private:
    bool watch_signals() {
        sigset_t set;
        ::sigemptyset(&set);
        for (const int number : {SIGCHLD, SIGTERM, SIGHUP}) {
            ::sigaddset(&set, number);
            ::signal(number, SIG_DFL);  // one that is ignored would never be read
        }
        ::sigprocmask(SIG_SETMASK, &set, nullptr);
        signals_ = UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
        if (!signals_.valid()) {
            voice_.fatal(std::string("unable to watch signals: ") + runit_error_text(errno));
        }
        return signals_.valid();
    }

    void prepare_log() {
        if (call_.log == nullptr) {
            return;
        }
        const std::size_t size = std::strlen(call_.log);
        if (size < kShortestTitle) {
            voice_.warning("log must have at least seven characters.");
            return voice_.warning("log service disabled.");
        }
        auto pipe = make_pipe(O_NONBLOCK);
        if (!pipe || ::dup2(pipe->write_end.get(), STDERR_FILENO) < 0) {
            voice_.warning("unable to create pipe for log.");
            return voice_.warning("log service disabled.");
        }
        voice_.standard_error_has_changed();
        log_ = std::move(pipe->read_end);
        title_.emplace(std::span(call_.log, size));
        next_dot_ = monotonic_now();
    }

    void prepare_memory() {
        auto memory = StateMemory::make();
        if (memory) {
            memory_ = std::move(*memory);
        } else {
            voice_.warning(std::string("unable to make a state table: ") +
                           runit_error_text(memory.error().code));
        }
    }

    /// @returns in the child: its exit code
    std::optional<int> start_house() {
        next_start_ = monotonic_now() + kPause;
        std::array<int, 2> ends{-1, -1};
        const bool is_linked = ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
                                            0, ends.data()) == 0;
        UniqueFd ours(ends[0]);
        UniqueFd its(ends[1]);
        const pid_t pid = is_linked ? ::fork() : -1;
        if (pid < 0) {
            voice_.warning(std::string("unable to fork: ") + runit_error_text(errno));
            return std::nullopt;
        }
        if (pid > 0) {
            pid_ = pid;
            link_ = std::move(ours);
            return std::nullopt;
        }
        ours.reset();
        signals_.reset();
        log_.reset();
        if (call_.own_session) {
            ::setsid();
        }
        return house_({std::move(its), memory_.bytes(), std::exchange(kept_, {})});
    }

    void wait() {
        MonotonicTime due = MonotonicTime::max();
        if (pid_ == 0) {
            due = next_start_;
        }
        if (title_) {
            due = std::min(due, next_dot_);
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            std::clamp(due - monotonic_now(), Duration::zero(), Duration(kOldMessage)));
        std::array<pollfd, 3> watched{
            {{signals_.get(), POLLIN, 0}, {log_.get(), POLLIN, 0}, {link_.get(), POLLIN, 0}}};
        ::poll(watched.data(), watched.size(),
               due == MonotonicTime::max() ? -1 : static_cast<int>(left.count()));
    }

    void read_log() {
        std::array<char, 256> text;
        for (int i = 0; log_.valid() && i < kReadsAtATime; ++i) {
            const ssize_t size = ::read(log_.get(), text.data(), text.size());
            if (size <= 0) {
                return;
            }
            title_->add({text.data(), static_cast<std::size_t>(size)});
        }
    }

    void listen_to_house() {
        if (link_.valid()) {
            obey_keeper(link_.get(), kept_);
        }
    }

    std::optional<int> obey_signals() {
        signalfd_siginfo info{};
        std::optional<int> code;
        while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
            if (info.ssi_signo == SIGTERM) {
                code = EXIT_SUCCESS;
            } else if (info.ssi_signo == SIGHUP) {
                code = kExitHangup;
            }
        }
        bury();
        if (code == kExitHangup && pid_ > 0) {
            ::kill(pid_, SIGTERM);
        }
        return code;
    }

    void bury() {
        int status = 0;
        for (pid_t pid = 1; pid > 0;) {
            pid = ::waitpid(-1, &status, WNOHANG);
            if (pid > 0 && pid == pid_) {
                house_ended(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
            }
        }
    }

    void house_ended(bool is_in_order) {
        pid_ = 0;
        listen_to_house();  // to what it said last
        link_.reset();
        if (is_in_order) {
            kept_.clear();
            prepare_memory();
        }
    }

    const DirCall& call_;
    Voice& voice_;
    const RunHouse& house_;
    UniqueFd signals_;
    UniqueFd log_;   ///< read end; invalid: there is none
    UniqueFd link_;  ///< to the house
    StateMemory memory_;
    KeptDescriptors kept_;
    std::optional<TitleLog> title_;
    pid_t pid_ = 0;  ///< of the house; 0: there is none
    MonotonicTime next_start_{};
    MonotonicTime next_dot_{};
};

}  // namespace

int run_dir_parent(const DirCall& call, Voice& voice, const RunHouse& house) {
    return DirParent(call, voice, house).run();
}

}  // namespace mainstay::supervisor::runsv
