#include "supervisor/svlog/link.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace mainstay::svlog {
namespace {

/// Room for the descriptors, aligned as their header wants it.
union Control {
    cmsghdr header;
    std::array<char, CMSG_SPACE(kMostPassed * sizeof(int))> bytes;
};

void take_descriptors(msghdr& head, std::array<UniqueFd, kMostPassed>& taken) noexcept {
    for (cmsghdr* part = CMSG_FIRSTHDR(&head); part != nullptr; part = CMSG_NXTHDR(&head, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < std::min(count, kMostPassed); ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            taken[i].reset(fd);
        }
    }
}

}  // namespace

Result<void> send_message(int link, const Message& message, std::span<const int> passed) {
    std::string bytes = encode(message);
    iovec part{bytes.data(), bytes.size()};
    msghdr head{};
    head.msg_iov = &part;
    head.msg_iovlen = 1;
    Control control{};
    if (!passed.empty()) {
        head.msg_control = control.bytes.data();
        head.msg_controllen = CMSG_SPACE(passed.size_bytes());
        cmsghdr* rights = CMSG_FIRSTHDR(&head);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(passed.size_bytes());
        std::memcpy(CMSG_DATA(rights), passed.data(), passed.size_bytes());
    }
    ssize_t sent = 0;
    do {
        sent = ::sendmsg(link, &head, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? Result<void>(last_error("sendmsg")) : Result<void>();
}

Result<Received> receive_message(int link) {
    std::array<char, kLongestMessage> buffer;
    iovec part{buffer.data(), buffer.size()};
    Control control{};
    msghdr head{};
    head.msg_iov = &part;
    head.msg_iovlen = 1;
    head.msg_control = control.bytes.data();
    head.msg_controllen = control.bytes.size();
    ssize_t size = 0;
    do {
        size = ::recvmsg(link, &head, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (size < 0 && errno == EINTR);
    if (size < 0) {
        return last_error("recvmsg");
    }
    if (size == 0) {
        return Error{"recvmsg", EPIPE};
    }
    Received received;
    take_descriptors(head, received.passed);
    if ((head.msg_flags & MSG_TRUNC) == 0) {
        received.message = decode({buffer.data(), static_cast<std::size_t>(size)});
    }
    return received;
}

}  // namespace mainstay::svlog
