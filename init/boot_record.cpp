#include "init/boot_record.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>

#include "common/clock.h"
#include "common/fd_io.h"
#include "common/paths.h"
#include "init/early_record.h"

namespace mainstay::init {
namespace {

void add(int flags, std::string_view lines, Log& log) noexcept {
    (void)::mkdir(kRunDirectory, 0755);
    const auto file = open_file(kTimesFile, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
    const auto written = file ? write_all(file->get(), lines) : Result<void>(file.error());
    if (!written) {
        log.warning("%s: %s: %s", kTimesFile, written.error().action,
                    errno_text(written.error().code));
    }
}

}  // namespace

void begin_boot_record(double init_started, Log& log) noexcept {
    FixedString<256> lines;
    std::array<char, 256> buffer;
    const auto text = read_file(kEarlyRecord, buffer);
    if (const auto early = text ? parse_early_record(*text) : std::nullopt) {
        log.notice("the initramfs took %.3f s, %.3f s of them until the root was mounted",
                   early->switched - early->started, early->mounted - early->started);
        lines.append(boot_time_line(BootMoment::Initramfs, early->started))
            .append(boot_time_line(BootMoment::Root, early->mounted))
            .append(boot_time_line(BootMoment::Switch, early->switched));
    }
    lines.append(boot_time_line(BootMoment::Init, init_started));
    add(O_TRUNC, lines, log);
}

void record_moment(BootMoment moment, Log& log) noexcept {
    add(O_APPEND, boot_time_line(moment, in_seconds(boottime_now())), log);
}

}  // namespace mainstay::init
