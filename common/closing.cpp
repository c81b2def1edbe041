#include "common/closing.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace mainstay {
namespace {

bool is_unix_socket(int fd) noexcept {
    int domain = 0;
    socklen_t size = sizeof domain;
    return ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

/// Whether closing it is over at once: a pipe, memory (only that has seals), a Unix socket.
bool closes_at_once(int fd) noexcept {
    if (::fcntl(fd, F_GETPIPE_SZ) >= 0 || ::fcntl(fd, F_GET_SEALS) >= 0) {
        return true;
    }
    return is_unix_socket(fd);
}

void close_all(std::span<const std::int32_t> descriptors) noexcept {
    for (const std::int32_t fd : descriptors) {
        ::close(fd);
    }
}

}  // namespace

bool close_without_waiting(std::span<const std::int32_t> descriptors) noexcept {
    if (std::all_of(descriptors.begin(), descriptors.end(), closes_at_once)) {
        close_all(descriptors);
        return true;
    }
    // As fork(2), but for the descriptors: what the child closes is closed here too. A number is
    // free as soon as its closing has begun, and nobody but the child closes it.
    const long pid =
        ::syscall(SYS_clone, CLONE_FILES | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (pid == 0) {
        close_all(descriptors);
        ::_exit(0);
    }
    return pid > 0;
}

}  // namespace mainstay
