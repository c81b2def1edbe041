#include "supervisor/descriptor_reserve.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>

#include "common/unique_fd.h"

namespace mainstay::supervisor {
namespace {

constexpr rlim_t kSmallPart = 8;

/// Both ends of its pipe, its pidfd, and runit's lock and fifo.
constexpr std::size_t kDescriptorsOfService = 5;

/// In a process that may not ask there is no limit to heed.
rlim_t limit_of_ours() noexcept {
    rlimit limit{};
    return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
}

}  // namespace

bool is_in_reserve(int fd) noexcept {
    const rlim_t limit = limit_of_ours();
    const rlim_t reserve = std::min<rlim_t>(kReservedDescriptors, limit / kSmallPart);
    return static_cast<rlim_t>(fd) >= limit - reserve;
}

void make_room_for_descriptors(std::size_t services) noexcept {
    const std::size_t last = services * kDescriptorsOfService + kReservedDescriptors;
    if (last < limit_of_ours() && last <= std::size_t{INT_MAX}) {
        // Any descriptor will do: it is the number that makes the table grow.
        UniqueFd(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, static_cast<int>(last)));
    }
}

ExecFault descriptor_fault(const Error& error) {
    ExecFault fault{error.action, "", error.code, ""};
    if (error.code == EMFILE) {
        fault.reason =
            "Too many open files; the supervisor needs a higher limit (RLIMIT_NOFILE) than " +
            std::to_string(limit_of_ours());
    }
    return fault;
}

}  // namespace mainstay::supervisor
