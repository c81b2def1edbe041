#include "init/telinit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string_view>

#include "common/fd_io.h"
#include "common/signals.h"
#include "init/initctl_request.h"
#include "init/mapped_memory.h"
#include "init/pid1_state.h"

namespace mainstay::init {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

/// Stands in the file of every version of this program, so that any of them knows the others.
constexpr char kMark[] = "mainstay-init-mark:4b6e0f9c";

/// Whether PID 1 is this program, of whatever version. Nothing where it may not be looked at.
std::optional<bool> pid1_is_ours() noexcept {
    const auto other = MappedMemory::file("/proc/1/exe");
    if (!other) {
        return std::nullopt;
    }
    return other->text().find(kMark) != std::string_view::npos;
}

FixedString<64> name_of_pid1() noexcept {
    std::array<char, 64> buffer;
    const auto text = read_file("/proc/1/comm", buffer);
    return text ? text->substr(0, text->find('\n')) : std::string_view("unknown");
}

int signal_for(Request request) noexcept {
    switch (request) {
        case Request::Halt:
            return kSignalHalt;
        case Request::Reboot:
            return kSignalReboot;
        case Request::Kexec:
            return kSignalKexec;
        case Request::None:
        case Request::Restart:
        case Request::PowerOff:
            return kSignalPowerOff;
    }
    return kSignalPowerOff;
}

int send_to_pid1(const char* name, int signal, std::uint32_t patience_seconds = 0) noexcept {
    if (!pid1_knows_requests(name)) {
        return kExitFailed;
    }
    sigval value{};
    value.sival_int = static_cast<int>(patience_seconds);
    if ((patience_seconds != 0 ? ::sigqueue(1, signal, value) : ::kill(1, signal)) != 0) {
        std::fprintf(stderr, "%s: asking PID 1: %s%s\n", name, errno_text(errno),
                     errno == EPERM ? " (only root may)" : "");
        return kExitFailed;
    }
    return 0;
}

}  // namespace

bool pid1_knows_requests(const char* name) noexcept {
    const std::optional<bool> ours = pid1_is_ours();
    if (ours && !*ours) {
        std::fprintf(stderr,
                     "%s: PID 1 (%s) is not Mainstay's init, which does not know this request. Use "
                     "its own tool, or `reboot -f` to go down at once.\n",
                     name, name_of_pid1().c_str());
        return false;
    }
    return true;
}

int ask_pid1(const char* name, Request request, std::uint32_t patience_seconds) noexcept {
    return send_to_pid1(name, signal_for(request), patience_seconds);
}

namespace {

constexpr char kFifo[] = "/run/initctl";
constexpr std::string_view kLevels = "0123456789SsQqAaBbCcUu";

/// What `telinit` was called with.
struct TelinitRequest {
    InitctlRequest request{};
    bool has_patience = false;
    bool has_variables = false;
    bool is_wrong = false;
};

/// @returns false where there is no room for it
bool add_variable(InitctlRequest& request, std::size_t& size, std::string_view variable) noexcept {
    // A NUL after it, and one after the last.
    if (variable.size() + 2 > sizeof request.data - size) {
        return false;
    }
    std::copy(variable.begin(), variable.end(), request.data + size);
    size += variable.size() + 1;
    return true;
}

/// As sysvinit's: -t SECONDS and -e VARIABLE, before or after the level, apart or not.
TelinitRequest read_telinit(int argc, char** argv) noexcept {
    TelinitRequest read;
    read.request.magic = kInitctlMagic;
    read.request.patience = static_cast<std::int32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(kLevelPatience).count());
    std::size_t size = 0;
    for (int i = 1; i < argc && !read.is_wrong; ++i) {
        std::string_view word(argv[i]);
        const bool is_option =
            word.size() >= 2 && word[0] == '-' && (word[1] == 't' || word[1] == 'e');
        if (!is_option) {
            const bool is_level = word.size() == 1 && kLevels.find(word[0]) != kLevels.npos;
            read.is_wrong = !is_level || read.request.level != 0;
            read.request.level = static_cast<unsigned char>(word.empty() ? '\0' : word[0]);
            continue;
        }
        const char option = word[1];
        word.remove_prefix(2);
        if (word.empty() && i + 1 < argc) {
            word = argv[++i];
        }
        if (option == 'e') {
            read.has_variables = true;
            read.is_wrong = word.empty() || !add_variable(read.request, size, word);
        } else {
            read.has_patience = true;
            const auto end = word.data() + word.size();
            const auto parsed = std::from_chars(word.data(), end, read.request.patience);
            read.is_wrong = parsed.ec != std::errc() || parsed.ptr != end;
        }
    }
    const auto command =
        read.has_variables ? InitctlCommand::SetVariables : InitctlCommand::RunLevel;
    read.request.command = static_cast<std::uint32_t>(command);
    read.is_wrong = read.is_wrong || read.has_variables == (read.request.level != 0);
    return read;
}

/// Requests that need no more than a signal go without the fifo.
std::optional<int> signal_for_level(const TelinitRequest& read) noexcept {
    if (read.has_patience || read.has_variables) {
        return std::nullopt;
    }
    switch (read.request.level) {
        case 'q':
        case 'Q':
            return SIGHUP;
        case 'u':
        case 'U':
            return kSignalUpgrade;
        default:
            return std::nullopt;
    }
}

Result<void> write_request(const InitctlRequest& request) noexcept {
    TRY(const UniqueFd fifo, open_file(kFifo, O_WRONLY | O_NONBLOCK));
    struct stat info {};
    if (::fstat(fifo.get(), &info) != 0 || !S_ISFIFO(info.st_mode)) {
        return Error{"it is no fifo", ENXIO};
    }
    const auto* const bytes = reinterpret_cast<const char*>(&request);
    return write_all(fifo.get(), {bytes, sizeof request});
}

int send_request(const TelinitRequest& read) noexcept {
    if (!pid1_knows_requests("init")) {
        return kExitFailed;
    }
    const auto written = write_request(read.request);
    if (written) {
        return 0;
    }
    // Without the fifo there is still a way down.
    if (read.request.level == '0' || read.request.level == '6') {
        return send_to_pid1("init", read.request.level == '0' ? kSignalPowerOff : kSignalReboot);
    }
    std::fprintf(stderr, "init: %s: %s: %s%s\n", kFifo, written.error().action,
                 errno_text(written.error().code),
                 written.error().code == EACCES || written.error().code == EPERM
                     ? " (only root may)"
                     : "; PID 1 makes it where /run can be written to");
    return kExitFailed;
}

int telinit_usage(std::FILE* stream) noexcept {
    std::fputs(
        "Usage: init [-t SECONDS] LEVEL   ask PID 1 for another runlevel: 0 to 9, S;\n"
        "                            0 powers off, 6 reboots, also without runlevels; between\n"
        "                            TERM and KILL it waits 3 seconds, or as many as said\n"
        "       init a|b|c           start the entries of inittab that name the letter\n"
        "       init q|u             read inittab again; put the program as it now is on disk\n"
        "                            in the place of the one that runs\n"
        "       init -e INIT_NAME[=VALUE]...  set or take away a variable of what it starts\n"
        "       init --check [FILE]  check an inittab, /etc/inittab by default\n"
        "       init --version\n"
        "As PID 1 it boots: init [--inittab=FILE] [--style=busybox|sysvinit]\n"
        "                        [--container=yes|no] [single|LEVEL|emergency|auto]\n"
        "As a container's or a command's own init: init [OPTION]... -- COMMAND [ARGUMENT]...;\n"
        "                        see init -h -- \n",
        stream);
    return stream == stdout ? 0 : kExitUsage;
}

}  // namespace

int telinit_main(int argc, char** argv) noexcept {
    if (argc == 2 && std::string_view(argv[1]) == "--help") {
        return telinit_usage(stdout);
    }
    const TelinitRequest read = read_telinit(argc, argv);
    if (read.is_wrong) {
        if (argc == 2) {
            std::fprintf(stderr, "init: there is no request '%s'\n", argv[1]);
        }
        return telinit_usage(stderr);
    }
    const auto signal = signal_for_level(read);
    return signal ? send_to_pid1("init", *signal) : send_request(read);
}

}  // namespace mainstay::init
