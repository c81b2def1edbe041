#include "init/container_voice.h"

#include <poll.h>
#include <unistd.h>

#include <cstdio>

#include "common/fd_io.h"
#include "common/version.h"

namespace mainstay::init {
namespace {

constexpr char kTiniVersion[] = "0.19.0";
constexpr char kDumbInitVersion[] = "1.2.5";

using Line = FixedString<512>;

void begin_line(Line& line, ContainerStyle style, Verbosity level) noexcept {
    constexpr const char* kTiniLevels[] = {"FATAL", "WARN ", "INFO ", "DEBUG", "TRACE"};
    constexpr const char* kCatatonitLevels[] = {"ERROR", "WARN", "INFO", "DEBUG", "DEBUG"};
    const auto index = static_cast<std::size_t>(level);
    switch (style) {
        case ContainerStyle::Own:
            line.append("init: ");
            break;
        case ContainerStyle::Tini:
            line.append_format("[%s tini (%d)] ", kTiniLevels[index], ::getpid());
            break;
        case ContainerStyle::DumbInit:
            line.append("[dumb-init] ");
            break;
        case ContainerStyle::Catatonit:
            line.append_format("%s (catatonit:%d): ", kCatatonitLevels[index], ::getpid());
            break;
    }
}

/// A terminal is not ready for as long as another process writes to it, either.
bool becomes_ready(int fd, Duration patience) noexcept {
    const MonotonicTime now = monotonic_now();
    pollfd ready{fd, POLLOUT, 0};
    return ::poll(&ready, 1, poll_timeout(now + patience, now)) == 1 &&
           (ready.revents & POLLOUT) != 0;
}

constexpr char kOwnHelp[] =
    "Usage: %s [OPTION]... -- COMMAND [ARGUMENT]...\n"
    "       %s --services[=DIR] [OPTION]... [-- COMMAND [ARGUMENT]...]\n"
    "The first process of a container: runs COMMAND, passes on signals, buries the dead, and ends\n"
    "with COMMAND's exit code.\n"
    "  -e CODE            count this exit code as 0\n"
    "  -g                 pass signals on to COMMAND's process group\n"
    "  -p SIGNAL          get this signal when the parent ends\n"
    "  -r, --rewrite S:T  pass on signal T where S comes; 0 is none\n"
    "  -v                 say more; up to three times\n"
    "  -w                 say which orphans are buried\n"
    "      --grace=TIME   kill COMMAND if it does not end so long after TERM; stop all\n"
    "                     others and wait so long for them before the end\n"
    "      --services[=DIR]  run the services in DIR (/etc/service), too\n"
    "  -h, --help         this text\n"
    "Variables: TINI_VERBOSITY, TINI_KILL_PROCESS_GROUP\n";

constexpr char kTiniHelp[] =
    "tini version %s of Mainstay %s\n"
    "Usage: %s [OPTION]... COMMAND -- [ARGUMENT]... | --version\n"
    "  -e CODE    count this exit code as 0\n"
    "  -g         pass signals on to COMMAND's process group\n"
    "  -p SIGNAL  get this signal when the parent ends\n"
    "  -s         adopt orphans where this is not PID 1\n"
    "  -v         say more; up to three times\n"
    "  -w         say which orphans are buried\n"
    "  -l         the licence\n"
    "  -h         this text\n"
    "Variables: TINI_SUBREAPER, TINI_VERBOSITY, TINI_KILL_PROCESS_GROUP\n";

constexpr char kDumbInitHelp[] =
    "dumb-init v%s of Mainstay %s\n"
    "Usage: %s [OPTION]... COMMAND [ARGUMENT]...\n"
    "  -c, --single-child  no session for COMMAND: signals go to it alone\n"
    "  -r, --rewrite S:T   pass on signal T where S comes; 0 is none\n"
    "  -v, --verbose       say what is done\n"
    "  -V, --version       the version\n"
    "  -h, --help          this text\n"
    "Variables: DUMB_INIT_DEBUG, DUMB_INIT_SETSID\n";

constexpr char kCatatonitHelp[] =
    "Usage: %s [-g] [--] COMMAND [ARGUMENT]... | -P | -V | -L\n"
    "  -g             pass signals on to COMMAND's process group\n"
    "  -P             run nothing, and end with TERM or INT\n"
    "  -V, --version  the version\n"
    "  -L             the licence\n"
    "  -h             this text\n"
    "Variables: CATATONIT_DEBUG\n";

}  // namespace

void ContainerVoice::say(Verbosity level, const char* format, va_list args) const noexcept {
    if (level > verbosity_) {
        return;
    }
    Line line;
    begin_line(line, style_, level);
    line.append_format_v(format, args);
    Line ended(line.view().substr(0, Line::capacity() - 1));
    ended.append("\n");
    const bool is_output = style_ == ContainerStyle::Tini && level > Verbosity::Warnings;
    const int fd = is_output ? STDOUT_FILENO : STDERR_FILENO;
    is_in_the_way_ = !becomes_ready(fd, is_in_the_way_ ? Duration::zero() : kMessagePatience);
    if (!is_in_the_way_) {
        (void)write_all(fd, ended);
    }
}

void ContainerVoice::fatal(const char* format, ...) const noexcept {
    va_list args;
    va_start(args, format);
    say(Verbosity::Silent, format, args);
    va_end(args);
}

void ContainerVoice::warning(const char* format, ...) const noexcept {
    va_list args;
    va_start(args, format);
    say(Verbosity::Warnings, format, args);
    va_end(args);
}

void ContainerVoice::info(const char* format, ...) const noexcept {
    va_list args;
    va_start(args, format);
    say(Verbosity::Info, format, args);
    va_end(args);
}

void ContainerVoice::debug(const char* format, ...) const noexcept {
    va_list args;
    va_start(args, format);
    say(Verbosity::Debug, format, args);
    va_end(args);
}

void print_container_help(ContainerStyle style, const char* name) noexcept {
    switch (style) {
        case ContainerStyle::Own:
            std::printf(kOwnHelp, name, name);
            break;
        case ContainerStyle::Tini:
            std::printf(kTiniHelp, kTiniVersion, kVersion, name);
            break;
        case ContainerStyle::DumbInit:
            std::fprintf(stderr, kDumbInitHelp, kDumbInitVersion, kVersion, name);
            break;
        case ContainerStyle::Catatonit:
            std::fprintf(stderr, kCatatonitHelp, name);
            break;
    }
}

void print_container_version(ContainerStyle style) noexcept {
    switch (style) {
        case ContainerStyle::Own:
            std::printf("Mainstay init %s (%s)\n", kVersion, kCommit);
            break;
        case ContainerStyle::Tini:
        case ContainerStyle::Catatonit:
            // `docker info` asks for it, and reads it.
            std::printf("tini version %s_mainstay-%s\n", kTiniVersion, kVersion);
            break;
        case ContainerStyle::DumbInit:
            std::fprintf(stderr, "dumb-init v%s of Mainstay %s\n", kDumbInitVersion, kVersion);
            break;
    }
}

void print_container_license() noexcept {
    std::puts("Mainstay is free software under the MIT licence, and comes without any warranty.");
}

}  // namespace mainstay::init
