/// PURE. What runit's wire format says of a service, and what each byte on its control fifo asks of
/// it. runit_files and supervise_dir read and write the files.
#pragma once

#include <optional>
#include <string_view>

#include "common/runit_status.h"
#include "supervisor/service.h"

namespace mainstay::supervisor {

/// Without the time, which is the writer's.
RunitStatus runit_status_of(const Service& service) noexcept;

/// runsv's commands: u d o x t k p c a h i q 1 2; and of those that only s6-svc sends b y r O.
/// Empty: no command, to be ignored.
std::optional<Event> event_of_command(char command, const Service& service) noexcept;

/// What becomes of the file `down`, which says that a service is not to be started by itself.
enum class DownFile : std::uint8_t { Stays, Made, Removed };
struct LastingCommand {
    char command = 0;  ///< what is to be done now
    DownFile file = DownFile::Stays;
};
/// D, U and Q of s6-svc, which are d, u and O beyond the next boot. Any other command is itself.
LastingCommand lasting_command(char command) noexcept;

/// The script below control/ that may replace a signal to a service's process; 0: there is none
/// for it.
char control_letter(int signal) noexcept;

/// Who holds a flock(2), by /proc/locks. 0: nobody is named there.
std::int32_t holder_of_lock(std::string_view proc_locks, unsigned device_major,
                            unsigned device_minor, std::uint64_t inode) noexcept;

}  // namespace mainstay::supervisor
