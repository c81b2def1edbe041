#include "supervisor/notify_socket.h"

#include <dirent.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "common/fd_io.h"

namespace mainstay::supervisor {
namespace {

constexpr mode_t kDirectoryMode = 0755;
constexpr mode_t kSocketUmask = 0111;  // leaves 0666
constexpr char kQueueLength[] = "/proc/sys/net/unix/max_dgram_qlen";
constexpr int kWantedQueueLength = 512;

// Linux 6.5; not in the headers of older systems.
#ifndef SO_PASSPIDFD
constexpr int SO_PASSPIDFD = 76;  // NOLINT(readability-identifier-naming): the kernel's name
#endif
constexpr int kScmPidfd = 4;

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

void remove_sockets(const std::string& path) {
    const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
    while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
        if (entry->d_type == DT_SOCK) {
            ::unlinkat(::dirfd(directory.get()), entry->d_name, 0);
        }
    }
}

Result<UniqueFd> make_datagram_socket() {
    UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    if (!fd.valid()) {
        return last_error("socket");
    }
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0) {
        return last_error("setsockopt");
    }
    return fd;
}

/// Takes the sender from the control messages of @p message.
void read_sender(msghdr& message, NotifySocket::Datagram& datagram) noexcept {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET) {
            continue;
        }
        if (part->cmsg_type == SCM_CREDENTIALS) {
            ucred credentials{};
            std::memcpy(&credentials, CMSG_DATA(part), sizeof credentials);
            datagram.sender.pid = credentials.pid;
            datagram.sender.uid = credentials.uid;
        } else if (part->cmsg_type == kScmPidfd) {
            int pidfd = -1;
            std::memcpy(&pidfd, CMSG_DATA(part), sizeof pidfd);
            datagram.pidfd = UniqueFd(pidfd);
            datagram.sender.pidfd = pidfd;
        }
    }
}

constexpr std::size_t kCredentialsRoom = CMSG_SPACE(sizeof(ucred));
constexpr std::size_t kHandleRoom = kCredentialsRoom + CMSG_SPACE(sizeof(int));

/// One recvmsg(2) with as much room for control messages as given; what does not fit is dropped by
/// the kernel, and told by MSG_CTRUNC.
/// @returns its flags; -1 where nothing was read
int receive_once(int fd, NotifySocket::Buffer& buffer, std::size_t room, int flags,
                 NotifySocket::Datagram& datagram) noexcept {
    alignas(cmsghdr) std::array<char, kHandleRoom> control{};
    iovec bytes{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = room;
    const ssize_t size = ::recvmsg(fd, &message, flags | MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (size < 0) {
        return -1;
    }
    read_sender(message, datagram);
    datagram.text = {buffer.data(), static_cast<std::size_t>(size)};
    return message.msg_flags;
}

/// Takes the descriptors from the control messages of @p message.
void read_descriptors(msghdr& message, std::vector<UniqueFd>& descriptors) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            descriptors.emplace_back(fd);
        }
    }
}

/// Switches a socket's option on for as long as it lives.
class PidfdPassed {
  public:
    explicit PidfdPassed(int fd) noexcept : fd_(fd) { set(1); }
    ~PidfdPassed() { set(0); }
    PidfdPassed(const PidfdPassed&) = delete;
    PidfdPassed& operator=(const PidfdPassed&) = delete;

  private:
    void set(int value) const noexcept {
        ::setsockopt(fd_, SOL_SOCKET, SO_PASSPIDFD, &value, sizeof value);
    }
    int fd_;
};

}  // namespace

Result<void> prepare_notify_directory(const std::string& path) {
    if (::mkdir(path.c_str(), kDirectoryMode) == 0) {
        ::chmod(path.c_str(), kDirectoryMode);  // whatever the umask is
        return {};
    }
    if (errno != EEXIST) {
        return last_error("mkdir");
    }
    struct stat info {};
    if (::lstat(path.c_str(), &info) < 0) {
        return last_error("stat");
    }
    const bool is_ours = S_ISDIR(info.st_mode) && info.st_uid == ::geteuid() &&
                         (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    if (!is_ours) {
        return Error{"mkdir", EPERM};
    }
    remove_sockets(path);
    return {};
}

void raise_datagram_queue() noexcept {
    std::array<char, 16> text{};
    const auto now = read_file(kQueueLength, text);
    int length = kWantedQueueLength;
    if (now) {
        std::from_chars(now->data(), now->data() + now->size(), length);
    }
    if (length < kWantedQueueLength) {
        static_cast<void>(write_file(kQueueLength, std::to_string(kWantedQueueLength)));
    }
}

Result<NotifySocket> NotifySocket::make(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return Error{"bind", ENAMETOOLONG};
    }
    std::memcpy(address.sun_path, path.c_str(), path.size());
    NotifySocket made;
    TRY(made.fd_, make_datagram_socket());
    ::unlink(path.c_str());
    const mode_t before = ::umask(kSocketUmask);
    const bool is_bound =
        ::bind(made.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const Error error = last_error("bind");
    ::umask(before);
    struct stat info {};
    if (!is_bound) {
        return error;
    }
    if (::stat(path.c_str(), &info) < 0) {
        return last_error("stat");
    }
    made.device_ = info.st_dev;
    made.inode_ = info.st_ino;
    return made;
}

NotifySocket NotifySocket::restored(UniqueFd socket, const std::string& path) noexcept {
    NotifySocket again;
    again.fd_ = std::move(socket);
    struct stat info {};
    if (::lstat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode)) {
        again.device_ = info.st_dev;
        again.inode_ = info.st_ino;
    }
    return again;
}

bool NotifySocket::is_in_place(const std::string& path) const noexcept {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_;
}

std::optional<NotifySocket::Datagram> NotifySocket::peek(Buffer& buffer) const {
    Datagram datagram;
    const int flags = receive_once(fd(), buffer, kCredentialsRoom, MSG_PEEK, datagram);
    datagram.has_descriptors = (flags & MSG_CTRUNC) != 0;
    return flags < 0 ? std::nullopt : std::optional(std::move(datagram));
}

std::optional<NotifySocket::Datagram> NotifySocket::receive_all(
    Buffer& buffer, std::vector<UniqueFd>& descriptors) {
    constexpr std::size_t kMostDescriptors = 253;  // SCM_MAX_FD of the kernel
    alignas(cmsghdr) std::array<char, kCredentialsRoom + CMSG_SPACE(kMostDescriptors * sizeof(int))>
        control{};
    iovec bytes{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size = ::recvmsg(fd(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (size < 0) {
        return std::nullopt;
    }
    Datagram datagram;
    read_sender(message, datagram);
    read_descriptors(message, descriptors);
    datagram.text = {buffer.data(), static_cast<std::size_t>(size)};
    datagram.has_descriptors = !descriptors.empty();
    return datagram;
}

std::optional<NotifySocket::Datagram> NotifySocket::receive(Buffer& buffer, SenderDetail detail) {
    Datagram datagram;
    if (detail == SenderDetail::Handle) {
        // Room for a pidfd is also room for a sender's own descriptors, which come first. So it is
        // looked for them before, with no room for any; we are the only reader.
        Datagram ahead;
        const int seen = receive_once(fd(), buffer, kCredentialsRoom, MSG_PEEK, ahead);
        if (seen < 0) {
            return std::nullopt;
        }
        const bool has_none = (seen & MSG_CTRUNC) == 0;
        if (has_none) {
            const PidfdPassed passed(fd());
            const int got = receive_once(fd(), buffer, kHandleRoom, 0, datagram);
            return got < 0 ? std::nullopt : std::optional(std::move(datagram));
        }
    }
    const int flags = receive_once(fd(), buffer, kCredentialsRoom, 0, datagram);
    if (flags < 0) {
        return std::nullopt;
    }
    datagram.has_descriptors = (flags & MSG_CTRUNC) != 0;
    return datagram;
}

}  // namespace mainstay::supervisor
