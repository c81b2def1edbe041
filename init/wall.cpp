#include "init/wall.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>

#include "common/fd_io.h"
#include "common/fixed.h"
#include "init/logins.h"

namespace mainstay::init {
namespace {

constexpr unsigned kChildSeconds = 10;
constexpr int kWaitMilliseconds = 2000;
constexpr std::size_t kMostTerminals = 1024;

/// Whether it is a terminal is known before it is opened: opening a watchdog, a tape or a printer
/// does something. Pseudo terminals have no place in /sys.
bool is_terminal(dev_t device) noexcept {
    constexpr unsigned kVirtualConsoles = 4;
    constexpr unsigned kFirstPseudo = 136;
    constexpr unsigned kLastPseudo = 143;
    constexpr std::string_view kSubsystem = "/tty";
    const unsigned driver = major(device);
    if (driver == kVirtualConsoles || (driver >= kFirstPseudo && driver <= kLastPseudo)) {
        return true;
    }
    FixedString<64> link;
    link.append_format("/sys/dev/char/%u:%u/subsystem", driver, minor(device));
    std::array<char, 256> target;
    const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
    const std::string_view text(target.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    return text.size() >= kSubsystem.size() &&
           text.substr(text.size() - kSubsystem.size()) == kSubsystem;
}

/// One message on its way to many terminals.
class Broadcast {
  public:
    explicit Broadcast(std::string_view text) noexcept {
        std::array<char, 65> host{};
        (void)::gethostname(host.data(), host.size() - 1);
        const std::time_t now = std::time(nullptr);
        std::tm local{};
        (void)::localtime_r(&now, &local);
        text_.append_format("\r\nBroadcast message from root@%s (%02d:%02d):\r\n\r\n", host.data(),
                            local.tm_hour, local.tm_min);
        text_.append(text);
    }

    void send_to(const char* path) noexcept {
        struct stat info {};
        if (told_.size() == kMostTerminals || ::stat(path, &info) != 0 || !S_ISCHR(info.st_mode) ||
            !is_terminal(info.st_rdev) || was_told(info)) {
            return;
        }
        (void)told_.push_back({info.st_dev, info.st_ino});
        const auto terminal = open_file(path, O_WRONLY | O_NONBLOCK);
        if (terminal && ::isatty(terminal->get()) != 0) {
            write_to(terminal->get());
        }
    }

  private:
    /// Not the device's number: a container's console and a pseudo terminal of its own may have the
    /// same, as each devpts counts for itself.
    struct Place {
        dev_t file_system;
        ino_t node;
    };

    /// One that somebody else writes to at this instant says that it would block, as a stopped one
    /// does, which is not waited for for long.
    void write_to(int terminal) const noexcept {
        constexpr int kPatience = 200;
        std::string_view left = text_;
        pollfd room{terminal, POLLOUT, 0};
        while (!left.empty() && ::poll(&room, 1, kPatience) == 1) {
            const ssize_t count = ::write(terminal, left.data(), left.size());
            if (count < 0 && errno != EAGAIN) {
                return;
            }
            left.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
        }
    }

    bool was_told(const struct stat& info) const noexcept {
        for (const Place& place : told_) {
            if (place.file_system == info.st_dev && place.node == info.st_ino) {
                return true;
            }
        }
        return false;
    }

    FixedString<1280> text_;
    FixedVector<Place, kMostTerminals> told_;
};

void broadcast(std::string_view text) noexcept {
    Broadcast broadcast(text);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        FixedString<32> own;
        own.append_format("/proc/self/fd/%d", fd);
        broadcast.send_to(own.c_str());
    }
    Logins logins;
    Login login;
    while (logins.next(login)) {
        FixedString<40> path("/dev/");
        broadcast.send_to(path.append(login.terminal).c_str());
    }
}

}  // namespace

void tell_everybody(std::string_view text) noexcept {
    const pid_t child = ::fork();
    if (child == 0) {
        (void)::alarm(kChildSeconds);
        broadcast(text);
        ::_exit(0);
    }
    if (child < 0) {
        return;
    }
    const UniqueFd ended(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    pollfd watched{ended.get(), POLLIN, 0};
    if (ended.valid()) {
        (void)::poll(&watched, 1, kWaitMilliseconds);
    }
    (void)::waitpid(child, nullptr, WNOHANG);
}

}  // namespace mainstay::init
