#include "init/rescue.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "common/fd_io.h"
#include "init/mapped_memory.h"
#include "init/terminal.h"

namespace mainstay::init {
namespace {

constexpr std::array kSuloginPlaces{"/sbin/sulogin", "/usr/sbin/sulogin", "/bin/sulogin"};
constexpr std::array kShells{"/bin/sh", "/bin/busybox", "/sbin/sh", "/usr/bin/sh"};

/// Not one a shell ends with by itself.
constexpr int kExitNoTerminal = 213;

const char* first_executable(const char* const* places, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
        if (::access(places[i], X_OK) == 0) {
            return places[i];
        }
    }
    return nullptr;
}

/// The password field of root's line in shadow, or in passwd where it is not "x".
std::string_view root_password(std::string_view text) noexcept {
    constexpr std::string_view kRoot = "root:";
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
        if (line.substr(0, kRoot.size()) == kRoot) {
            line.remove_prefix(kRoot.size());
            return line.substr(0, line.find(':'));
        }
    }
    return {};
}

bool root_has_password() noexcept {
    for (const char* path : {"/etc/shadow", "/etc/passwd"}) {
        const auto file = MappedMemory::file(path);
        if (file) {
            const std::string_view field = root_password(file->text());
            return !field.empty() && field != "x";
        }
    }
    return false;
}

void greet(const char* cause) noexcept {
    FixedString<512> text("\n*** ");
    text.append(cause).append("\n*** Rescue shell: mend it, then `exit` to go on.\n\n");
    (void)write_all(STDOUT_FILENO, text).has_value();
}

[[noreturn]] void run_shell(const char* sulogin, const char* shell) noexcept {
    if (sulogin != nullptr) {
        ::execl(sulogin, sulogin, static_cast<char*>(nullptr));
    }
    ::execl(shell, "-sh", static_cast<char*>(nullptr));
    ::_exit(127);
}

}  // namespace

bool RescueShells::start(const char* cause) noexcept {
    for (const TerminalName& console : active_consoles()) {
        start_on(console, cause);
    }
    return run();
}

bool RescueShells::start_on_own_terminal(const char* cause) noexcept {
    if (::isatty(STDIN_FILENO) == 1) {
        start_on({}, cause);
    }
    return run();
}

void RescueShells::start_on(const TerminalName& console, const char* cause) noexcept {
    const char* shell = first_executable(kShells.data(), kShells.size());
    if (shell == nullptr) {
        log_.error("no shell to start: there is none of /bin/sh, /bin/busybox");
        return;
    }
    const char* sulogin = root_has_password()
                              ? first_executable(kSuloginPlaces.data(), kSuloginPlaces.size())
                              : nullptr;
    const auto pid = fork_child(limits_);
    if (!pid) {
        log_.error("rescue shell on %s: fork: %s", console.c_str(), errno_text(pid.error().code));
        return;
    }
    if (*pid == 0) {
        ::setsid();
        if (console.empty()) {
            use_inherited_terminal(Claim::Take);
        } else if (!use_terminal(console, Claim::Take)) {
            ::_exit(kExitNoTerminal);
        }
        greet(cause);
        run_shell(sulogin, shell);
    }
    (void)pids_.push_back(*pid);
}

RescueShells::Ended RescueShells::ended(pid_t pid, const ExitStatus& status) noexcept {
    const auto left = pids_;
    pids_.clear();
    for (const pid_t ours : left) {
        if (ours != pid) {
            (void)pids_.push_back(ours);
        }
    }
    if (pids_.size() == left.size()) {
        return Ended::NotOurs;
    }
    if (status.kind == ExitStatus::Kind::Exited && status.value == kExitNoTerminal) {
        return pids_.empty() ? Ended::NoneWorked : Ended::OthersRun;
    }
    end_all();
    return Ended::GoOn;
}

void RescueShells::end_all() noexcept {
    for (const pid_t pid : pids_) {
        // The whole session, so that what was started there does not keep the terminal.
        ::kill(-pid, SIGHUP);
        ::kill(-pid, SIGKILL);
    }
    pids_.clear();
}

}  // namespace mainstay::init
