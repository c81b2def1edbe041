#include "init/host_notify.h"

#include <linux/vm_sockets.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "common/error.h"
#include "common/unique_fd.h"
#include "init/notify_address.h"

namespace mainstay::init {
namespace {

constexpr int kMostSends = 2;  // what failed only for the moment is tried again

void complain(std::string_view where, const char* why, Log& log) noexcept {
    log.warning("%s=%.*s: %s", kNotifySocket, printable_length(where), where.data(), why);
}

bool send_to_file(std::string_view path, std::string_view text) noexcept {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (path.front() == '@') {
        address.sun_path[0] = '\0';  // an abstract name: no file
    }
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto* const to = reinterpret_cast<const sockaddr*>(&address);
    for (int tries = 0; tries < kMostSends; ++tries) {
        if (::sendto(fd.get(), text.data(), text.size(), MSG_NOSIGNAL, to, size) >= 0) {
            return true;
        }
    }
    return false;
}

/// The types to be tried: the first that this kernel and its host know is it, as for sd_notify.
int socket_type(VsockAddress::Type type, int tries) noexcept {
    switch (type) {
        case VsockAddress::Type::Stream:
            return SOCK_STREAM;
        case VsockAddress::Type::Datagram:
            return SOCK_DGRAM;
        case VsockAddress::Type::Seqpacket:
            return SOCK_SEQPACKET;
        case VsockAddress::Type::Any:
            break;
    }
    return tries == 0 ? SOCK_SEQPACKET : SOCK_STREAM;
}

/// In a child: the host may take its time to answer.
bool send_to_host(const VsockAddress& to, std::string_view text) noexcept {
    constexpr timeval kPatience{2, 0};
    sockaddr_vm address{};
    address.svm_family = AF_VSOCK;
    address.svm_cid = to.cid;
    address.svm_port = to.port;
    for (int tries = 0; tries < kMostSends; ++tries) {
        const UniqueFd fd(::socket(AF_VSOCK, socket_type(to.type, tries) | SOCK_CLOEXEC, 0));
        (void)::setsockopt(fd.get(), AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD, &kPatience,
                           sizeof kPatience);
        (void)::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
        if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
            ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) >= 0) {
            return true;
        }
    }
    return false;
}

}  // namespace

void tell_host(std::string_view text, Log& log) noexcept {
    const char* const name = std::getenv(kNotifySocket);
    if (name == nullptr || *name == '\0') {
        return;
    }
    const std::string_view where(name);
    if (is_vsock_address(where)) {
        const auto address = parse_vsock_address(where);
        if (!address) {
            complain(where, "this must be vsock:CID:PORT, in numbers", log);
        } else if (::fork() == 0) {
            if (!send_to_host(*address, text)) {
                complain(where, errno_text(errno), log);
            }
            ::_exit(0);
        }
        return;
    }
    if ((where.front() != '/' && where.front() != '@') ||
        where.size() >= sizeof(sockaddr_un::sun_path)) {
        complain(where, "this must be an absolute path, or @ and a name, or vsock:CID:PORT", log);
    } else if (!send_to_file(where, text)) {
        complain(where, errno_text(errno), log);
    }
}

}  // namespace mainstay::init
