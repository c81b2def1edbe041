#include "init/power_tool.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>

#include "common/fd_io.h"
#include "init/login_records.h"
#include "init/power.h"
#include "init/telinit.h"

namespace mainstay::init {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

struct PowerOptions {
    Request request = Request::PowerOff;
    bool is_forced = false;
    bool syncs = true;
    bool records = true;
    bool only_records = false;
    bool boots = false;
    bool takes_network_down = false;
};

Request request_named(std::string_view name) noexcept {
    if (name == "reboot") {
        return Request::Reboot;
    }
    return name == "halt" ? Request::Halt : Request::PowerOff;
}

int power_usage(const char* name, std::FILE* stream) noexcept {
    std::fprintf(stream,
                 "Usage: %s [-f [-n] [-d] [-i]] [-p | -k] [-w | -B]\n"
                 "Asks PID 1 to take the system down in order.\n"
                 "  -f, --force     do not ask: sync, then reboot(2) at once\n"
                 "  -n, --no-sync   with -f: do not even sync, nor write a record\n"
                 "  -d              with -f: no record in /var/log/wtmp\n"
                 "  -i              with -f: take network interfaces down first\n"
                 "  -h              disks in standby: the kernel does that by itself\n"
                 "  -p, --poweroff  switch the power off (after halt)\n"
                 "  -k, --kexec     start the kernel that `kexec -l` loaded\n"
                 "  -w              only write the record of a shutdown\n"
                 "  -B              only write the record of a boot, as Void's startup scripts do\n"
                 "      --help      this text\n",
                 name);
    return stream == stdout ? 0 : kExitUsage;
}

/// @returns false for a letter that is no option
bool take_letter(char letter, PowerOptions& options) noexcept {
    switch (letter) {
        case 'f':
            options.is_forced = true;
            return true;
        case 'n':
            options.syncs = options.records = false;
            return true;
        case 'd':
            options.records = false;
            return true;
        case 'w':
            options.only_records = true;
            return true;
        case 'B':
            options.only_records = options.boots = true;
            return true;
        case 'i':
            options.takes_network_down = true;
            return true;
        case 'h':
            return true;
        case 'p':
            // Of a reboot it is no part.
            options.request =
                options.request == Request::Reboot ? Request::Reboot : Request::PowerOff;
            return true;
        case 'k':
            options.request = Request::Kexec;
            return true;
        default:
            return false;
    }
}

/// Letters may stand together, as in -dfip.
bool take_word(std::string_view word, PowerOptions& options) noexcept {
    if (word == "--force") {
        return take_letter('f', options);
    }
    if (word == "--no-sync") {
        return take_letter('n', options);
    }
    if (word == "--poweroff") {
        options.request = Request::PowerOff;
        return true;
    }
    if (word == "--kexec") {
        return take_letter('k', options);
    }
    if (word.size() < 2 || word[0] != '-') {
        return false;
    }
    for (const char letter : word.substr(1)) {
        if (!take_letter(letter, options)) {
            return false;
        }
    }
    return true;
}

/// Where the kernel does not tell, PID 1 finds out.
bool may_kexec() noexcept {
    std::array<char, 8> buffer;
    const auto text = read_file("/sys/kernel/kexec_loaded", buffer);
    return !text || *text != "0\n";
}

/// All that have an address, but lo.
void take_network_down() noexcept {
    std::array<ifreq, 64> interfaces{};
    ifconf list{};
    list.ifc_len = sizeof interfaces;
    list.ifc_req = interfaces.data();
    const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd.valid() || ::ioctl(fd.get(), SIOCGIFCONF, &list) != 0) {
        return;
    }
    const auto count = static_cast<std::size_t>(list.ifc_len) / sizeof(ifreq);
    for (ifreq& request : std::span(interfaces).first(count)) {
        if (::ioctl(fd.get(), SIOCGIFFLAGS, &request) == 0 &&
            (request.ifr_flags & IFF_LOOPBACK) == 0) {
            request.ifr_flags = static_cast<short>(request.ifr_flags & ~IFF_UP);
            (void)::ioctl(fd.get(), SIOCSIFFLAGS, &request);
        }
    }
}

int force(const char* name, const PowerOptions& options) noexcept {
    if (options.syncs) {
        ::sync();
    }
    if (options.takes_network_down) {
        take_network_down();
    }
    (void)::reboot(reboot_command(options.request));
    std::fprintf(stderr, "%s: reboot(2): %s\n", name, errno_text(errno));
    return kExitFailed;
}

}  // namespace

int power_main(const char* name, int argc, char** argv) noexcept {
    PowerOptions options;
    options.request = request_named(name);
    for (int i = 1; i < argc; ++i) {
        const std::string_view word(argv[i]);
        if (word == "--help") {
            return power_usage(name, stdout);
        }
        if (!take_word(word, options)) {
            std::fprintf(stderr, "%s: unknown argument '%s'\n", name, argv[i]);
            return power_usage(name, stderr);
        }
    }
    if (options.boots && options.records) {
        record_login_here(boot_event());
    } else if ((options.is_forced || options.only_records) && options.records) {
        record_in_wtmp(shutdown_event());
    }
    if (options.only_records) {
        return 0;
    }
    if (options.request == Request::Kexec && !may_kexec()) {
        std::fprintf(stderr, "%s: no kernel is loaded: load one with `kexec -l`, or leave out -k\n",
                     name);
        return kExitFailed;
    }
    return options.is_forced ? force(name, options) : ask_pid1(name, options.request);
}

}  // namespace mainstay::init
