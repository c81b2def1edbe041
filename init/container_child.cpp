#include "init/container_child.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "common/error.h"
#include "common/fd_io.h"
#include "common/paths.h"

namespace mainstay::init {
namespace {

/// dumb-init's command starts with all signals as they are by default, whatever init was told to
/// ignore by whoever started it.
void reset_signals() noexcept {
    struct sigaction plain {};
    plain.sa_handler = SIG_DFL;
    for (int number = 1; number <= kSignalMax; ++number) {
        (void)::sigaction(number, &plain,
                          nullptr);  // fails for KILL and STOP, and the library's own
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void take_new_session(const ContainerVoice& voice) noexcept {
    if (::setsid() < 0) {
        voice.fatal("setsid: %s", errno_text(errno));
        ::_exit(1);
    }
    if (::ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0) {
        voice.debug("no terminal for the command: %s", errno_text(errno));
    }
}

/// By the child itself: if init is the command of another one, that one may be about to make us the
/// terminal's group.
void take_new_group(const ContainerVoice& voice) noexcept {
    if (::setpgid(0, 0) != 0) {
        voice.fatal("setpgid: %s", errno_text(errno));
        ::_exit(1);
    }
    if (::tcsetpgrp(STDIN_FILENO, ::getpgrp()) != 0) {
        voice.debug("no terminal for the command: %s", errno_text(errno));
    }
}

/// Sockets that were passed to init are the command's (sd_listen_fds(3)).
void take_listen_pid() noexcept {
    constexpr char kListenPid[] = "LISTEN_PID";
    const char* const value = std::getenv(kListenPid);
    FixedString<16> number;
    number.append_format("%d", ::getppid());
    if (value == nullptr || number != value) {
        return;
    }
    number.clear();
    number.append_format("%d", ::getpid());
    (void)::setenv(kListenPid, number.c_str(), 1);
}

/// In the words that each of the programs has for it.
void complain_about_exec(ContainerStyle style, const char* path, int code,
                         const ContainerVoice& voice) noexcept {
    if (style == ContainerStyle::Tini) {
        voice.fatal("exec %s failed: %s", path, errno_text(code));
    } else if (style == ContainerStyle::Catatonit) {
        voice.fatal("failed to exec pid1: %s: %s", path, errno_text(code));
    } else {
        voice.fatal("%s: %s", path, errno_text(code));
    }
}

/// @returns only where there is nothing to execute
void try_supervisor(const char* path, const char* directory) noexcept {
    const char* const argv[] = {"supervisor", directory, nullptr};
    ::execv(path, const_cast<char* const*>(argv));
}

/// The supervisor that was installed with this program. Empty without /proc.
FixedString<256> supervisor_beside() noexcept {
    std::array<char, 200> buffer;
    const ssize_t size = ::readlink("/proc/self/exe", buffer.data(), buffer.size());
    FixedString<256> path;
    if (size > 0 && static_cast<std::size_t>(size) < buffer.size()) {
        const std::string_view own(buffer.data(), static_cast<std::size_t>(size));
        path.append(own.substr(0, own.rfind('/'))).append("/supervisor");
    }
    return path;
}

}  // namespace

void become_command(const ContainerOptions& options, const sigset_t& born_with,
                    const ContainerVoice& voice) noexcept {
    if (options.new_session) {
        take_new_session(voice);
    } else if (options.style != ContainerStyle::DumbInit) {
        take_new_group(voice);
    }
    take_listen_pid();
    if (options.style == ContainerStyle::DumbInit) {
        reset_signals();
    } else {
        ::sigprocmask(SIG_SETMASK, &born_with, nullptr);
    }
    ::execvp(options.command[0], options.command);
    const int code = errno;
    complain_about_exec(options.style, options.command[0], code, voice);
    ::_exit(exec_failure_code(options.style, code));
}

void become_supervisor(const ContainerOptions& options, const ContainerVoice& voice) noexcept {
    // A session of its own: what is typed on the terminal is not meant for it.
    (void)::setsid();
    reset_signals();
    if (auto null = open_file("/dev/null", O_RDONLY); null && null->get() != STDIN_FILENO) {
        (void)::dup2(null->get(), STDIN_FILENO);
    }
    const auto beside = supervisor_beside();
    for (const char* path : {beside.c_str(), kSupervisorProgram, kInstalledSupervisor}) {
        try_supervisor(path, options.service_directory);
        if (errno != ENOENT) {
            break;
        }
    }
    const int code = errno;
    voice.fatal(
        "the supervisor of the services, which is looked for beside init, at %s and at %s: "
        "%s",
        kSupervisorProgram, kInstalledSupervisor, errno_text(code));
    ::_exit(exec_failure_code(ContainerStyle::Own, code));
}

}  // namespace mainstay::init
