#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "common/unique_fd.h"
#include "init/steps.h"

namespace mainstay::init {

StepResult step_loopback(const StepContext& context) noexcept {
    const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
    const bool is_there = fd.valid() && ::ioctl(fd.get(), SIOCGIFFLAGS, &request) == 0;
    if (!is_there && (errno == EAFNOSUPPORT || errno == ENODEV)) {
        return StepResult::Done;  // a kernel without networking
    }
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP | IFF_RUNNING);
    if (!is_there || ::ioctl(fd.get(), SIOCSIFFLAGS, &request) != 0) {
        context.log.warning("bringing lo up: %s", errno_text(errno));
    }
    return StepResult::Done;
}

}  // namespace mainstay::init
