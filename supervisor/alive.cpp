#include "supervisor/alive.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "common/unique_fd.h"

namespace mainstay::supervisor {

bool is_alive(pid_t pid) noexcept {
    const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    pollfd end{process.get(), POLLIN, 0};
    return process.valid() ? ::poll(&end, 1, 0) <= 0 : errno != ESRCH;
}

}  // namespace mainstay::supervisor
