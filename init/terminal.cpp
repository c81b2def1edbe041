#include "init/terminal.h"

#include <fcntl.h>
#include <linux/vt.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>

#include "common/fd_io.h"

namespace mainstay::init {
namespace {

constexpr std::string_view kBlanks = " \n";

std::string_view first_word(std::string_view text) noexcept {
    return text.substr(0, text.find_first_of(kBlanks));
}

/// "tty1" for "tty0", which means "whichever is visible".
TerminalName real_name(std::string_view name) noexcept {
    std::array<char, 64> buffer;
    if (name == "tty0") {
        const auto text = read_file("/sys/class/tty/tty0/active", buffer);
        if (text && !first_word(*text).empty()) {
            return first_word(*text);
        }
        return std::string_view("tty1");
    }
    return name;
}

void set_sane_lines(int fd) noexcept {
    termios settings{};
    if (::tcgetattr(fd, &settings) != 0) {
        return;
    }
    settings.c_cflag &=
        static_cast<tcflag_t>(CBAUD | CBAUDEX | CSIZE | CSTOPB | PARENB | PARODD | CRTSCTS);
    settings.c_cflag |= CREAD | HUPCL | CLOCAL;
    settings.c_iflag = ICRNL | IXON | IXOFF;
    settings.c_oflag = OPOST | ONLCR;
    settings.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
    settings.c_line = 0;
    settings.c_cc[VINTR] = 'C' & 0x1f;
    settings.c_cc[VQUIT] = '\\' & 0x1f;
    settings.c_cc[VERASE] = 0x7f;
    settings.c_cc[VKILL] = 'U' & 0x1f;
    settings.c_cc[VEOF] = 'D' & 0x1f;
    settings.c_cc[VSTART] = 'Q' & 0x1f;
    settings.c_cc[VSTOP] = 'S' & 0x1f;
    settings.c_cc[VSUSP] = 'Z' & 0x1f;
    (void)::tcsetattr(fd, TCSANOW, &settings);
}

void set_term_variable(int fd) noexcept {
    const char* current = std::getenv("TERM");
    if (current != nullptr && std::string_view(current) != "linux") {
        return;
    }
    int free_terminal = 0;
    const bool is_virtual = ::ioctl(fd, VT_OPENQRY, &free_terminal) == 0;
    (void)::setenv("TERM", is_virtual ? "linux" : "vt102", 1);
}

void claim_terminal(int fd, Claim claim) noexcept {
    if (claim == Claim::None || ::ioctl(fd, TIOCSCTTY, 0) == 0) {
        return;
    }
    if (claim == Claim::Take) {
        (void)::ioctl(fd, TIOCSCTTY, 1);
    }
}

}  // namespace

TerminalNames active_consoles() noexcept {
    TerminalNames names;
    std::array<char, 256> buffer;
    if (const auto text = read_file("/sys/class/tty/console/active", buffer)) {
        std::string_view rest = *text;
        while (!rest.empty()) {
            const std::string_view word = first_word(rest);
            rest.remove_prefix(word.size() < rest.size() ? word.size() + 1 : word.size());
            if (!word.empty() && !names.push_back(real_name(word))) {
                break;
            }
        }
    }
    if (names.empty()) {
        (void)names.push_back(std::string_view("console"));
    }
    return names;
}

TerminalName console_name() noexcept {
    const TerminalNames names = active_consoles();
    return names[names.size() - 1];
}

Result<void> use_terminal(std::string_view name, Claim claim) noexcept {
    FixedString<64> path("/dev/");
    path.append(name);
    // Not waiting for a carrier; afterwards reads and writes block as programs expect.
    TRY(UniqueFd fd, open_file(path.c_str(), O_RDWR | O_NONBLOCK));
    const int flags = ::fcntl(fd.get(), F_GETFL);
    (void)::fcntl(fd.get(), F_SETFL, flags & ~O_NONBLOCK);
    for (int target = 0; target <= 2; ++target) {
        if (::dup2(fd.get(), target) < 0) {
            return last_error("dup2");
        }
    }
    if (fd.get() <= 2) {
        // It is one of the three: keep it open, across exec too.
        const int kept = fd.release();
        (void)::fcntl(kept, F_SETFD, 0);
    }
    use_inherited_terminal(claim);
    return {};
}

void use_inherited_terminal(Claim claim) noexcept {
    if (::isatty(STDIN_FILENO) == 0) {
        return;
    }
    claim_terminal(STDIN_FILENO, claim);
    set_sane_lines(STDIN_FILENO);
    set_term_variable(STDIN_FILENO);
}

void leave_terminal() noexcept {
    if (::isatty(STDIN_FILENO) == 0 || ::ioctl(STDIN_FILENO, TIOCNOTTY) != 0) {
        return;
    }
    // A signal that is pending goes when it is ignored.
    for (const int signal : {SIGHUP, SIGCONT}) {
        for (const auto handler : {SIG_IGN, SIG_DFL}) {
            struct sigaction action {};
            action.sa_handler = handler;
            (void)::sigaction(signal, &action, nullptr);
        }
    }
}

}  // namespace mainstay::init
