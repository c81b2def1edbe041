#include "supervisor/own_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

#include "common/fd_io.h"
#include "supervisor/try_again.h"

namespace mainstay::supervisor {
namespace {

constexpr char kOomScoreFile[] = "/proc/self/oom_score_adj";
constexpr char kOurOomScore[] = "-900";

Result<int> socket_type(int fd) noexcept {
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0) {
        return last_error("boot link");
    }
    return type;
}

sigset_t handled_signals() noexcept {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) {
        ::sigaddset(&set, number);
    }
    return set;
}

void open_standard_streams() noexcept {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) < 0) {
            // The lowest free number is given, so this becomes fd.
            const int opened = ::open("/dev/null", O_RDWR | O_NOCTTY);
            static_cast<void>(opened);
        }
    }
}

std::optional<rlimit> raise_descriptor_limit(Journal& journal) {
    rlimit before{};
    if (::getrlimit(RLIMIT_NOFILE, &before) < 0) {
        return std::nullopt;
    }
    std::array<char, 32> buffer;
    rlim_t most = before.rlim_max;
    if (const auto text = read_file("/proc/sys/fs/nr_open", buffer)) {
        std::from_chars(text->data(), text->data() + text->size(), most);
    }
    rlimit wanted{most, most};
    if (::setrlimit(RLIMIT_NOFILE, &wanted) < 0) {
        wanted = {before.rlim_max, before.rlim_max};
        if (::setrlimit(RLIMIT_NOFILE, &wanted) < 0) {
            journal.warning(std::string("descriptor limit not raised: ") + errno_text(errno));
        }
    }
    return before;
}

std::optional<std::string> lower_oom_score() {
    std::array<char, 16> buffer;
    const auto before = read_file(kOomScoreFile, buffer);
    // Without the right to it (no CAP_SYS_RESOURCE) there is nothing to give back either.
    if (!before || !write_file(kOomScoreFile, kOurOomScore)) {
        return std::nullopt;
    }
    return std::string(*before);
}

}  // namespace

void prepare_descriptors_and_signals() noexcept {
    open_standard_streams();
    ::syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    ::umask(022);
    // Handlers of ours are there already: those of the way back, which is to be open all the time.
    struct sigaction usual {};
    usual.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) {
        struct sigaction found {};
        if (::sigaction(number, nullptr, &found) == 0 && found.sa_handler == SIG_IGN) {
            ::sigaction(number, &usual, nullptr);
        }
    }
    sigset_t blocked = handled_signals();
    // Blocked and never taken: a closed pipe is an error of write(2), and no service inherits an
    // ignored signal from us.
    ::sigaddset(&blocked, SIGPIPE);
    ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
}

Inheritance raise_limits(Journal& journal) {
    Inheritance born_with;
    born_with.descriptor_limit = raise_descriptor_limit(journal);
    born_with.oom_score = lower_oom_score();
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
        journal.warning(std::string("no subreaper: ") + errno_text(errno));
    }
    return born_with;
}

Inheritance born_as(const UpgradeNote& note) {
    Inheritance born_with;
    if (note.descriptor_limit) {
        born_with.descriptor_limit =
            rlimit{note.descriptor_limit->soft, note.descriptor_limit->hard};
    }
    born_with.oom_score = note.oom_score;
    return born_with;
}

Result<UniqueFd> signal_descriptor() {
    const sigset_t set = handled_signals();
    UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd.valid()) {
        return last_error("signalfd");
    }
    return fd;
}

int boot_link_number(const char* variable) noexcept {
    int fd = -1;
    const char* end = variable == nullptr ? nullptr : variable + std::strlen(variable);
    const auto parsed = std::from_chars(variable, end, fd);
    const bool is_one = parsed.ec == std::errc() && parsed.ptr == end && fd > STDERR_FILENO;
    return is_one ? fd : -1;
}

Result<std::optional<int>> find_boot_link(const char* variable) noexcept {
    if (variable == nullptr) {
        return std::optional<int>();
    }
    const int fd = boot_link_number(variable);
    if (fd < 0) {
        return Error{"boot link", EINVAL};
    }
    // A supervisor that goes on without its link starts a second time what PID 1 keeps for it.
    TRY(const int type, try_for_a_second([fd] { return socket_type(fd); }));
    if (type != SOCK_SEQPACKET || ::fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
        return Error{"boot link", EINVAL};
    }
    return std::optional<int>(fd);
}

}  // namespace mainstay::supervisor
