#include "init/host_notify.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "common/error.h"

namespace mainstay::init {

void tell_host(std::string_view text, Log& log) noexcept {
    const char* const name = std::getenv(kNotifySocket);
    if (name == nullptr || *name == '\0') {
        return;
    }
    const std::string_view path(name);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if ((path.front() != '/' && path.front() != '@') || path.size() >= sizeof address.sun_path) {
        log.warning("%s=%.*s: this must be an absolute path, or @ and a name", kNotifySocket,
                    printable_length(path), name);
        return;
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    if (path.front() == '@') {
        address.sun_path[0] = '\0';  // an abstract name: no file
    }
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto* const to = reinterpret_cast<const sockaddr*>(&address);
    constexpr int kMostTries = 2;  // what failed only for the moment is tried again
    for (int tries = 0; tries < kMostTries; ++tries) {
        if (::sendto(fd.get(), text.data(), text.size(), MSG_NOSIGNAL, to, size) >= 0) {
            return;
        }
    }
    log.warning("%s=%.*s: %s", kNotifySocket, printable_length(path), name, errno_text(errno));
}

}  // namespace mainstay::init
