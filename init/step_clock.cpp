#include <fcntl.h>
#include <linux/rtc.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <ctime>

#include "common/fd_io.h"
#include "init/steps.h"

// The system's clock from the hardware's, for kernels that do not do so themselves.

namespace mainstay::init {
namespace {

/// Not worth a jump.
constexpr std::time_t kTolerance = 2;

Result<UniqueFd> open_clock() noexcept {
    auto clock = open_file("/dev/rtc0", O_RDONLY);
    return clock ? std::move(clock) : open_file("/dev/rtc", O_RDONLY);
}

/// The third line of adjtime(5).
bool hardware_has_local_time() noexcept {
    std::array<char, 256> buffer;
    const auto text = read_file("/etc/adjtime", buffer);
    return text && text->find("\nLOCAL") != std::string_view::npos;
}

}  // namespace

StepResult step_clock(const StepContext& context) noexcept {
    const auto clock = open_clock();
    if (!clock) {
        return StepResult::Done;
    }
    if (hardware_has_local_time()) {
        context.log.warning(
            "clock: /etc/adjtime says LOCAL, which needs a program that knows time zones: "
            "::sysinit:/sbin/hwclock --hctosys");
        return StepResult::Failed;
    }
    rtc_time hardware{};
    if (::ioctl(clock->get(), RTC_RD_TIME, &hardware) != 0) {
        context.log.warning("clock: reading the hardware's: %s", errno_text(errno));
        return StepResult::Failed;
    }
    std::tm fields{};
    fields.tm_sec = hardware.tm_sec;
    fields.tm_min = hardware.tm_min;
    fields.tm_hour = hardware.tm_hour;
    fields.tm_mday = hardware.tm_mday;
    fields.tm_mon = hardware.tm_mon;
    fields.tm_year = hardware.tm_year;
    const timespec time{::timegm(&fields), 0};
    if (std::abs(time.tv_sec - ::time(nullptr)) <= kTolerance) {
        return StepResult::Done;
    }
    if (::clock_settime(CLOCK_REALTIME, &time) != 0) {
        context.log.warning("clock: setting it: %s", errno_text(errno));
        return StepResult::Failed;
    }
    return StepResult::Done;
}

}  // namespace mainstay::init
