#include "init/telinit.h"

#include <fcntl.h>
#include <sys/reboot.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string_view>

#include "common/fd_io.h"
#include "common/signals.h"
#include "init/mapped_memory.h"
#include "init/pid1_state.h"
#include "init/power.h"

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

enum class SyncFirst : std::uint8_t { Yes, No };

int force(const char* name, Request request, SyncFirst sync_first) noexcept {
    if (sync_first == SyncFirst::Yes) {
        ::sync();
    }
    (void)::reboot(reboot_command(request));
    std::fprintf(stderr, "%s: reboot(2): %s\n", name, errno_text(errno));
    return kExitFailed;
}

std::optional<Request> request_named(std::string_view name) noexcept {
    if (name == "poweroff") {
        return Request::PowerOff;
    }
    if (name == "reboot") {
        return Request::Reboot;
    }
    if (name == "halt") {
        return Request::Halt;
    }
    return std::nullopt;
}

/// Where the kernel does not tell, PID 1 finds out.
bool may_kexec() noexcept {
    std::array<char, 8> buffer;
    const auto text = read_file("/sys/kernel/kexec_loaded", buffer);
    return !text || *text != "0\n";
}

int power_usage(const char* name, std::FILE* stream) noexcept {
    std::fprintf(stream,
                 "Usage: %s [-f [-n]] [-p | -k]\n"
                 "Asks PID 1 to take the system down in order.\n"
                 "  -f, --force     do not ask: sync, then reboot(2) at once\n"
                 "  -n, --no-sync   with -f: do not even sync\n"
                 "  -p, --poweroff  switch the power off (after halt)\n"
                 "  -k, --kexec     start the kernel that `kexec -l` loaded\n"
                 "      --help      this text\n",
                 name);
    return stream == stdout ? 0 : kExitUsage;
}

}  // namespace

int power_main(const char* name, int argc, char** argv) noexcept {
    Request request = request_named(name).value_or(Request::PowerOff);
    bool forced = false;
    SyncFirst sync_first = SyncFirst::Yes;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word(argv[i]);
        if (word == "-f" || word == "--force") {
            forced = true;
        } else if (word == "-n" || word == "--no-sync") {
            sync_first = SyncFirst::No;
        } else if (word == "-p" || word == "--poweroff") {
            request = Request::PowerOff;
        } else if (word == "-k" || word == "--kexec") {
            request = Request::Kexec;
        } else if (word == "-nf" || word == "-fn") {
            forced = true;
            sync_first = SyncFirst::No;
        } else if (word == "--help") {
            return power_usage(name, stdout);
        } else {
            std::fprintf(stderr, "%s: unknown argument '%s'\n", name, argv[i]);
            return power_usage(name, stderr);
        }
    }
    if (request == Request::Kexec && !may_kexec()) {
        std::fprintf(stderr, "%s: no kernel is loaded: load one with `kexec -l`, or leave out -k\n",
                     name);
        return kExitFailed;
    }
    if (forced) {
        return force(name, request, sync_first);
    }
    return send_to_pid1(name, signal_for(request));
}

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

int telinit_main(int argc, char** argv) noexcept {
    const std::string_view word = argc == 2 ? argv[1] : "";
    if (word == "0") {
        return send_to_pid1("init", kSignalPowerOff);
    }
    if (word == "6") {
        return send_to_pid1("init", kSignalReboot);
    }
    if (word == "q" || word == "Q") {
        return send_to_pid1("init", SIGHUP);
    }
    if (word == "u" || word == "U") {
        return send_to_pid1("init", kSignalUpgrade);
    }
    std::FILE* stream = word == "--help" ? stdout : stderr;
    if (!word.empty() && stream == stderr) {
        std::fprintf(stderr, "init: there is no request '%s'\n", argv[1]);
    }
    std::fputs(
        "Usage: init 0|6|q|u         ask PID 1 to power off, to reboot, to read inittab again,\n"
        "                            to put the program as it now is on disk in its own place\n"
        "       init --check [FILE]  check an inittab, /etc/inittab by default\n"
        "       init --version\n"
        "As PID 1 it boots: init [--inittab=FILE] [--style=busybox|sysvinit]\n"
        "                        [--container=yes|no] [single]\n"
        "As a container's or a command's own init: init [OPTION]... -- COMMAND [ARGUMENT]...;\n"
        "                        see init -h -- \n",
        stream);
    return stream == stdout ? 0 : kExitUsage;
}

}  // namespace mainstay::init
