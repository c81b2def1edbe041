#include "supervisor/svlog/program.h"

#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/version.h"
#include "supervisor/svlog/link_message.h"
#include "supervisor/svlog/server.h"

namespace mainstay::svlog {
namespace {

constexpr int kExitUsage = 2;
constexpr char kHelp[] =
    "usage: svlog [--log-dir DIR]\n"
    "\n"
    "Keeps what services print: the newest in memory and, with --log-dir, in files\n"
    "DIR/SERVICE/current and DIR/SERVICE/@TIME.s. Started by supervisor(8), with the\n"
    "link to it as standard input; not by people.\n"
    "\n"
    "  --log-dir DIR      write files below DIR\n"
    "  --help, --version  print this, or the version, and exit\n"
    "\n"
    "HUP opens all files again, ALRM finishes all files and begins new ones. See svlog(8).\n";

/// The signals that are read and not delivered: HUP, ALRM, TERM.
UniqueFd block_signals() noexcept {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : {SIGHUP, SIGALRM, SIGTERM}) {
        ::sigaddset(&set, number);
    }
    UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    // INT and PIPE are nobody's way to end what all services write into.
    ::sigaddset(&set, SIGINT);
    ::sigaddset(&set, SIGPIPE);
    ::sigprocmask(SIG_SETMASK, &set, nullptr);
    return fd;
}

bool is_link(int fd) noexcept {
    int type = 0;
    socklen_t size = sizeof type;
    return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

int serve(const std::string& directory) {
    if (!is_link(STDIN_FILENO)) {
        std::fprintf(stderr,
                     "svlog: standard input is no link to a supervisor; supervisor(8) starts svlog "
                     "by itself\n");
        return kExitUsage;
    }
    ::prctl(PR_SET_NAME, kProgramName);
    ::umask(0);
    // Where it was started must not keep a file system busy.
    [[maybe_unused]] const int moved = ::chdir("/");
    Server server(UniqueFd(STDIN_FILENO), block_signals(), directory);
    const int code = server.run();
    // Every descriptor goes with the process, so nothing of it is taken apart.
    std::_Exit(code);
}

}  // namespace

int run_program(int argc, char** argv) {
    std::string directory;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        constexpr std::string_view kJoined = "--log-dir=";
        if (argument == "--help") {
            std::fputs(kHelp, stdout);
            return EXIT_SUCCESS;
        }
        if (argument == "--version") {
            std::printf("svlog (mainstay) %s, commit %s, link %u\n", kVersion, kCommit,
                        kLinkVersion);
            return EXIT_SUCCESS;
        }
        if (argument == "--log-dir" && i + 1 < argc) {
            directory = argv[++i];
        } else if (argument.substr(0, kJoined.size()) == kJoined) {
            directory = argument.substr(kJoined.size());
        } else {
            std::fprintf(stderr,
                         "svlog: %s: no such option, or its value is missing\nTry svlog --help.\n",
                         argv[i]);
            return kExitUsage;
        }
    }
    return serve(directory);
}

}  // namespace mainstay::svlog
