#include "init/native_steps.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/fd_io.h"
#include "common/fixed.h"
#include "common/nearest.h"
#include "init/watchdog_plan.h"

namespace mainstay::init {
namespace {

constexpr char kHostnameFile[] = "/etc/hostname";
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::array<std::string_view, 4> kStepNames{"hostname", "loopback", "none",
                                                     "watchdog=DEVICE,SECONDS"};

/// The first word of the first line that is neither empty nor a comment.
std::string_view first_name(std::string_view text) noexcept {
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
        const std::size_t begin = line.find_first_not_of(kBlanks);
        if (begin == std::string_view::npos || line[begin] == '#') {
            continue;
        }
        line.remove_prefix(begin);
        return line.substr(0, line.find_first_of(kBlanks));
    }
    return {};
}

void set_hostname(Log& log) noexcept {
    std::array<char, 1024> buffer;
    const auto text = read_file(kHostnameFile, buffer);
    if (!text) {
        if (text.error().code != ENOENT) {
            log.warning("%s: %s", kHostnameFile, errno_text(text.error().code));
        }
        return;
    }
    const std::string_view name = first_name(*text);
    if (!name.empty() && ::sethostname(name.data(), name.size()) != 0) {
        log.warning("setting the host name to %.*s: %s", static_cast<int>(name.size()), name.data(),
                    errno_text(errno));
    }
}

void bring_loopback_up(Log& log) noexcept {
    const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
    const bool is_there = fd.valid() && ::ioctl(fd.get(), SIOCGIFFLAGS, &request) == 0;
    if (!is_there && (errno == EAFNOSUPPORT || errno == ENODEV)) {
        return;  // a kernel without networking
    }
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP | IFF_RUNNING);
    if (!is_there || ::ioctl(fd.get(), SIOCSIFFLAGS, &request) != 0) {
        log.warning("bringing lo up: %s", errno_text(errno));
    }
}

}  // namespace

std::optional<std::string_view> watchdog_step(std::string_view name) noexcept {
    constexpr std::string_view kWatchdog = "watchdog=";
    if (name.substr(0, kWatchdog.size()) != kWatchdog) {
        return std::nullopt;
    }
    return name.substr(kWatchdog.size());
}

bool is_native_step(std::string_view name) noexcept {
    if (const auto setting = watchdog_step(name)) {
        return parse_watchdog(*setting).has_value();
    }
    for (const std::string_view known : kStepNames) {
        if (known == name) {
            return true;
        }
    }
    return false;
}

void run_native_step(std::string_view name, Log& log) noexcept {
    if (name == "hostname") {
        set_hostname(log);
    } else if (name == "loopback") {
        bring_loopback_up(log);
    } else if (name != "none") {
        const std::string_view nearest = nearest_word(name, kStepNames);
        log.warning("native: no step is called '%.*s'%s%.*s%s", static_cast<int>(name.size()),
                    name.data(), nearest.empty() ? "" : ", did you mean '",
                    static_cast<int>(nearest.size()), nearest.data(), nearest.empty() ? "" : "'?");
    }
}

void run_default_native_steps(Log& log) noexcept {
    set_hostname(log);
    bring_loopback_up(log);
}

}  // namespace mainstay::init
