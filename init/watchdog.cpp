#include "init/watchdog.h"

#include <fcntl.h>
#include <linux/watchdog.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "common/fd_io.h"
#include "common/paths.h"

namespace mainstay::init {
namespace {

constexpr char kHandOver[] = "/run/mainstay/watchdog";

/// Whether the device answers as a watchdog does.
bool is_watchdog(int fd) noexcept {
    watchdog_info info{};
    return ::ioctl(fd, WDIOC_GETSUPPORT, &info) == 0;
}

/// Two numbers: the descriptor, and the seconds.
struct HandedOver {
    int fd = -1;
    std::uint32_t seconds = 0;
};

HandedOver read_hand_over() noexcept {
    HandedOver read;
    std::array<char, 64> buffer;
    const auto text = read_file(kHandOver, buffer);
    if (!text) {
        return {};
    }
    const char* const end = text->data() + text->size();
    const auto first = std::from_chars(text->data(), end, read.fd);
    if (first.ec != std::errc() || first.ptr == end ||
        std::from_chars(first.ptr + 1, end, read.seconds).ec != std::errc()) {
        return {};
    }
    return read;
}

}  // namespace

void Watchdog::start(const WatchdogSetting& setting, Log& log) noexcept {
    auto device = open_file(setting.device.c_str(), O_WRONLY | O_NONBLOCK);
    if (!device) {
        log.error("watchdog %s: open: %s; going on without", setting.device.c_str(),
                  errno_text(device.error().code));
        return;
    }
    if (!is_watchdog(device->get())) {
        log.error("watchdog %s: this is no watchdog; going on without", setting.device.c_str());
        return;
    }
    int seconds = static_cast<int>(setting.seconds);
    if (::ioctl(device->get(), WDIOC_SETTIMEOUT, &seconds) != 0) {
        const int code = errno;
        if (::ioctl(device->get(), WDIOC_GETTIMEOUT, &seconds) != 0 || seconds < 1) {
            seconds = static_cast<int>(setting.seconds);
        }
        log.warning("watchdog %s: setting %u s: %s; taking its own %d s", setting.device.c_str(),
                    setting.seconds, errno_text(code), seconds);
    }
    adopt(std::move(*device), static_cast<std::uint32_t>(seconds));
    log.notice("watchdog %s: the machine is reset if PID 1 hangs for %d s", setting.device.c_str(),
               seconds);
}

void Watchdog::start(std::string_view setting, Log& log) noexcept {
    if (runs()) {
        log.notice("watchdog: one runs already, %u s", seconds());
        return;
    }
    if (const auto parsed = parse_watchdog(setting)) {
        start(*parsed, log);
    } else {
        log.error("watchdog=%.*s: not understood; it is watchdog=/dev/NAME,SECONDS, up to %u s",
                  printable_length(setting), setting.data(), kMostWatchdogSeconds);
    }
}

void Watchdog::adopt(UniqueFd device, std::uint32_t seconds) noexcept {
    device_ = std::move(device);
    if (device_.valid()) {
        pet();
    }
    plan_.begin(device_.valid() ? seconds : 0, monotonic_now());
}

void Watchdog::pet() noexcept {
    (void)::ioctl(device_.get(), WDIOC_KEEPALIVE, 0);
}

void Watchdog::pet_if_due(MonotonicTime now) noexcept {
    if (plan_.take(now)) {
        pet();
    }
}

void Watchdog::stop() noexcept {
    if (runs()) {
        // The magic character (Documentation/watchdog/watchdog-api.rst): closed on purpose.
        (void)write_all(fd(), "V").has_value();
        adopt({}, 0);
    }
}

void Watchdog::hand_over(Log& log) noexcept {
    if (!runs()) {
        return;
    }
    pet();
    FixedString<64> text;
    text.append_format("%d %u\n", fd(), seconds());
    (void)::mkdir(kRunDirectory, 0755);
    const auto file = open_file(kHandOver, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (!file || !write_all(file->get(), text)) {
        log.error("%s: %s; the next init must ask for the watchdog itself within %u s", kHandOver,
                  errno_text(errno), seconds());
        return;
    }
    (void)::fcntl(fd(), F_SETFD, 0);
}

void Watchdog::take_back() noexcept {
    if (runs()) {
        (void)::fcntl(fd(), F_SETFD, FD_CLOEXEC);
        (void)::unlink(kHandOver);
    }
}

bool Watchdog::take_over(Log& log) noexcept {
    const HandedOver left = read_hand_over();
    if (left.fd <= 2) {
        return false;
    }
    (void)::unlink(kHandOver);
    if (left.seconds == 0 || left.seconds > kMostWatchdogSeconds || !is_watchdog(left.fd)) {
        return false;
    }
    (void)::fcntl(left.fd, F_SETFD, FD_CLOEXEC);
    adopt(UniqueFd(left.fd), left.seconds);
    log.notice("watchdog: taken over from the initramfs, %u s", left.seconds);
    return true;
}

}  // namespace mainstay::init
