// Stand between a faulty program and the C library: the linker's --wrap=CALL sends each reference
// to CALL to __wrap_CALL, and __real_CALL is the library's. calls.txt lists them.

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <type_traits>

#include "tests/faults/fake_kernel.h"
#include "tests/faults/fault_plan.h"

namespace {

/// What a call that returns a @p Result returns when it failed.
template <typename Result>
Result failure() noexcept {
    if constexpr (std::is_same_v<Result, void*>) {
        return MAP_FAILED;
    } else if constexpr (std::is_pointer_v<Result>) {
        return nullptr;
    } else {
        return -1;
    }
}

/// Leaves errno alone where the call is to be made.
bool fails(const char* name, const void* site) noexcept {
    const int before = errno;
    const int error = mainstay::faults::next_call(name, site);
    errno = error != 0 ? error : before;
    return error != 0;
}

}  // namespace

// The names are the linker's, the parameters the library's.
#define WRAP(result, name, parameters, arguments)        \
    result __real_##name parameters;                     \
    result __wrap_##name parameters {                    \
        if (fails(#name, __builtin_return_address(0))) { \
            return failure<result>();                    \
        }                                                \
        return __real_##name arguments;                  \
    }

extern "C" {

WRAP(int, access, (const char* path, int mode), (path, mode))
WRAP(int, chdir, (const char* path), (path))
WRAP(int, chmod, (const char* path, mode_t mode), (path, mode))
WRAP(int, chown, (const char* path, uid_t uid, gid_t gid), (path, uid, gid))
WRAP(int, chroot, (const char* path), (path))
WRAP(int, faccessat, (int fd, const char* path, int mode, int flags), (fd, path, mode, flags))
WRAP(int, fallocate, (int fd, int mode, off_t offset, off_t size), (fd, mode, offset, size))
WRAP(int, fchdir, (int fd), (fd))
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
WRAP(int, fchownat, (int fd, const char* path, uid_t uid, gid_t gid, int flags),
     (fd, path, uid, gid, flags))
WRAP(int, flock, (int fd, int operation), (fd, operation))
WRAP(FILE*, fopen, (const char* path, const char* mode), (path, mode))
WRAP(DIR*, fdopendir, (int fd), (fd))
WRAP(int, fstat, (int fd, struct stat* info), (fd, info))
WRAP(int, fstatat, (int fd, const char* path, struct stat* info, int flags),
     (fd, path, info, flags))
WRAP(int, fstatfs, (int fd, struct statfs* info), (fd, info))
WRAP(int, fstatvfs, (int fd, struct statvfs* info), (fd, info))
WRAP(int, fsync, (int fd), (fd))
WRAP(int, ftruncate, (int fd, off_t size), (fd, size))
WRAP(ssize_t, getdents64, (int fd, void* buffer, size_t size), (fd, buffer, size))
WRAP(off_t, lseek, (int fd, off_t offset, int whence), (fd, offset, whence))
WRAP(int, lstat, (const char* path, struct stat* info), (path, info))
WRAP(int, link, (const char* from, const char* to), (from, to))
WRAP(int, mkdir, (const char* path, mode_t mode), (path, mode))
WRAP(int, mkdirat, (int fd, const char* path, mode_t mode), (fd, path, mode))
WRAP(int, mkfifo, (const char* path, mode_t mode), (path, mode))
WRAP(int, __open_2, (const char* path, int flags), (path, flags))
WRAP(int, __openat_2, (int fd, const char* path, int flags), (fd, path, flags))
WRAP(DIR*, opendir, (const char* path), (path))
WRAP(ssize_t, pread, (int fd, void* buffer, size_t size, off_t offset), (fd, buffer, size, offset))
WRAP(ssize_t, __pread_chk, (int fd, void* buffer, size_t size, off_t offset, size_t limit),
     (fd, buffer, size, offset, limit))
WRAP(ssize_t, pwrite, (int fd, const void* bytes, size_t size, off_t offset),
     (fd, bytes, size, offset))
WRAP(ssize_t, read, (int fd, void* buffer, size_t size), (fd, buffer, size))
WRAP(ssize_t, __read_chk, (int fd, void* buffer, size_t size, size_t limit),
     (fd, buffer, size, limit))
WRAP(dirent*, readdir, (DIR * directory), (directory))
WRAP(ssize_t, readv, (int fd, const iovec* parts, int count), (fd, parts, count))
WRAP(ssize_t, readlink, (const char* path, char* buffer, size_t size), (path, buffer, size))
WRAP(ssize_t, __readlink_chk, (const char* path, char* buffer, size_t size, size_t limit),
     (path, buffer, size, limit))
WRAP(ssize_t, readlinkat, (int fd, const char* path, char* buffer, size_t size),
     (fd, path, buffer, size))
WRAP(int, rename, (const char* from, const char* to), (from, to))
WRAP(int, renameat, (int from_fd, const char* from, int to_fd, const char* to),
     (from_fd, from, to_fd, to))
WRAP(int, renameat2, (int from_fd, const char* from, int to_fd, const char* to, unsigned flags),
     (from_fd, from, to_fd, to, flags))
WRAP(int, rmdir, (const char* path), (path))
WRAP(ssize_t, sendfile, (int to, int from, off_t* offset, size_t size), (to, from, offset, size))
WRAP(ssize_t, splice,
     (int from, off64_t* from_offset, int to, off64_t* to_offset, size_t size, unsigned flags),
     (from, from_offset, to, to_offset, size, flags))
WRAP(int, stat, (const char* path, struct stat* info), (path, info))
WRAP(int, statfs, (const char* path, struct statfs* info), (path, info))
WRAP(int, statvfs, (const char* path, struct statvfs* info), (path, info))
WRAP(int, statx, (int fd, const char* path, int flags, unsigned mask, struct statx* info),
     (fd, path, flags, mask, info))
WRAP(int, swapoff, (const char* path), (path))
WRAP(int, swapon, (const char* path, int flags), (path, flags))
WRAP(int, symlink, (const char* target, const char* path), (target, path))
WRAP(ssize_t, tee, (int from, int to, size_t size, unsigned flags), (from, to, size, flags))
WRAP(int, umount2, (const char* path, int flags), (path, flags))
WRAP(int, unlink, (const char* path), (path))
WRAP(int, unlinkat, (int fd, const char* path, int flags), (fd, path, flags))
WRAP(ssize_t, write, (int fd, const void* bytes, size_t size), (fd, bytes, size))
WRAP(ssize_t, writev, (int fd, const iovec* parts, int count), (fd, parts, count))

WRAP(int, epoll_create1, (int flags), (flags))
WRAP(int, epoll_ctl, (int epoll, int operation, int fd, epoll_event* event),
     (epoll, operation, fd, event))
WRAP(int, epoll_wait, (int epoll, epoll_event* events, int count, int timeout),
     (epoll, events, count, timeout))
WRAP(int, eventfd, (unsigned count, int flags), (count, flags))
WRAP(int, inotify_add_watch, (int fd, const char* path, uint32_t mask), (fd, path, mask))
WRAP(int, inotify_init1, (int flags), (flags))
WRAP(int, memfd_create, (const char* name, unsigned flags), (name, flags))
WRAP(void*, mmap, (void* address, size_t size, int protection, int flags, int fd, off_t offset),
     (address, size, protection, flags, fd, offset))
WRAP(int, mprotect, (void* address, size_t size, int protection), (address, size, protection))
WRAP(int, pipe2, (int* ends, int flags), (ends, flags))
WRAP(int, poll, (pollfd * watched, nfds_t count, int timeout), (watched, count, timeout))
WRAP(int, signalfd, (int fd, const sigset_t* signals, int flags), (fd, signals, flags))
WRAP(int, timerfd_create, (int clock, int flags), (clock, flags))
WRAP(int, clock_settime, (clockid_t clock, const timespec* time), (clock, time))
WRAP(int, timerfd_settime, (int fd, int flags, const itimerspec* next, itimerspec* before),
     (fd, flags, next, before))

WRAP(int, accept, (int fd, sockaddr* address, socklen_t* size), (fd, address, size))
WRAP(int, accept4, (int fd, sockaddr* address, socklen_t* size, int flags),
     (fd, address, size, flags))
WRAP(int, bind, (int fd, const sockaddr* address, socklen_t size), (fd, address, size))
WRAP(int, connect, (int fd, const sockaddr* address, socklen_t size), (fd, address, size))
WRAP(int, getsockopt, (int fd, int level, int option, void* value, socklen_t* size),
     (fd, level, option, value, size))
WRAP(int, listen, (int fd, int backlog), (fd, backlog))
WRAP(ssize_t, recv, (int fd, void* buffer, size_t size, int flags), (fd, buffer, size, flags))
WRAP(ssize_t, __recv_chk, (int fd, void* buffer, size_t size, size_t limit, int flags),
     (fd, buffer, size, limit, flags))
WRAP(ssize_t, recvfrom,
     (int fd, void* buffer, size_t size, int flags, sockaddr* address, socklen_t* address_size),
     (fd, buffer, size, flags, address, address_size))
WRAP(ssize_t, recvmsg, (int fd, msghdr* message, int flags), (fd, message, flags))
WRAP(ssize_t, send, (int fd, const void* bytes, size_t size, int flags), (fd, bytes, size, flags))
WRAP(ssize_t, sendmsg, (int fd, const msghdr* message, int flags), (fd, message, flags))
WRAP(ssize_t, sendto,
     (int fd, const void* bytes, size_t size, int flags, const sockaddr* address,
      socklen_t address_size),
     (fd, bytes, size, flags, address, address_size))
WRAP(int, setsockopt, (int fd, int level, int option, const void* value, socklen_t size),
     (fd, level, option, value, size))
WRAP(int, shutdown, (int fd, int how), (fd, how))
WRAP(int, socket, (int family, int type, int protocol), (family, type, protocol))
WRAP(int, socketpair, (int family, int type, int protocol, int* ends),
     (family, type, protocol, ends))

WRAP(int, execv, (const char* path, char* const* argv), (path, argv))
WRAP(int, execve, (const char* path, char* const* argv, char* const* envp), (path, argv, envp))
WRAP(int, execvp, (const char* path, char* const* argv), (path, argv))
WRAP(pid_t, fork, (), ())
WRAP(int, kill, (pid_t pid, int signal), (pid, signal))
WRAP(int, prlimit, (pid_t pid, __rlimit_resource resource, const rlimit* next, rlimit* before),
     (pid, resource, next, before))
WRAP(int, reboot, (int command), (command))
WRAP(int, setenv, (const char* name, const char* value, int replace), (name, value, replace))
WRAP(int, sethostname, (const char* name, size_t size), (name, size))
WRAP(int, setpgid, (pid_t pid, pid_t group), (pid, group))
WRAP(pid_t, setsid, (), ())
WRAP(int, sigtimedwait, (const sigset_t* set, siginfo_t* info, const timespec* limit),
     (set, info, limit))
WRAP(int, sigaltstack, (const stack_t* next, stack_t* before), (next, before))
WRAP(int, sigqueue, (pid_t pid, int signal, union sigval value), (pid, signal, value))
WRAP(int, getrlimit, (__rlimit_resource resource, rlimit* limit), (resource, limit))
WRAP(int, setrlimit, (__rlimit_resource resource, const rlimit* limit), (resource, limit))
WRAP(int, waitid, (idtype_t kind, id_t id, siginfo_t* info, int options), (kind, id, info, options))
WRAP(pid_t, waitpid, (pid_t pid, int* status, int options), (pid, status, options))

WRAP(int, tcgetattr, (int fd, termios* settings), (fd, settings))
WRAP(int, tcsetattr, (int fd, int actions, const termios* settings), (fd, actions, settings))
WRAP(int, tcsetpgrp, (int fd, pid_t group), (fd, group))

// A descriptor is gone whatever close(2) returns.
int __real_close(int fd);
int __wrap_close(int fd) {
    const int result = __real_close(fd);
    return fails("close", __builtin_return_address(0)) ? -1 : result;
}

int __real_mknod(const char* path, mode_t mode, dev_t device);
int __wrap_mknod(const char* path, mode_t mode, dev_t device) {
    if (fails("mknod", __builtin_return_address(0))) {
        return -1;
    }
    return mainstay::faults::kernel_is_fake() ? mainstay::faults::make_fake_node(path, mode, device)
                                              : __real_mknod(path, mode, device);
}

int __real_mount(const char* source, const char* target, const char* type, unsigned long flags,
                 const void* data);
int __wrap_mount(const char* source, const char* target, const char* type, unsigned long flags,
                 const void* data) {
    if (fails("mount", __builtin_return_address(0))) {
        return -1;
    }
    if (mainstay::faults::kernel_lacks(type)) {
        errno = ENODEV;
        return -1;
    }
    return __real_mount(source, target, type, flags, data);
}

// With a variable number of arguments: as many are handed on as the library's own takes.
#define WRAP_VARIADIC(result, name, parameters, last, type, arguments) \
    result __real_##name(...);                                         \
    result __wrap_##name parameters {                                  \
        va_list rest;                                                  \
        va_start(rest, last);                                          \
        auto extra = va_arg(rest, type);                               \
        va_end(rest);                                                  \
        if (fails(#name, __builtin_return_address(0))) {               \
            return failure<result>();                                  \
        }                                                              \
        return __real_##name arguments;                                \
    }

WRAP_VARIADIC(int, open, (const char* path, int flags, ...), flags, mode_t, (path, flags, extra))
WRAP_VARIADIC(int, openat, (int fd, const char* path, int flags, ...), flags, mode_t,
              (fd, path, flags, extra))

// What takes no place in the table of descriptors cannot fail (Linux 6.1, fs/file.c and
// fs/fcntl.c): a number that is open already is put in place of another, flags are read and set.
int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...) {
    va_list rest;
    va_start(rest, command);
    auto extra = va_arg(rest, long);
    va_end(rest);
    const bool is_flags = command == F_GETFD || command == F_SETFD || command == F_GETFL;
    if (!is_flags && fails("fcntl", __builtin_return_address(0))) {
        return -1;
    }
    return __real_fcntl(fd, command, extra);
}

int __real_dup2(int from, int to);
int __wrap_dup2(int from, int to) {
    const bool is_open = __real_fcntl(to, F_GETFD) >= 0;
    if (!is_open && fails("dup2", __builtin_return_address(0))) {
        return -1;
    }
    return __real_dup2(from, to);
}

int __real_dup3(int from, int to, int flags);
int __wrap_dup3(int from, int to, int flags) {
    const bool is_open = __real_fcntl(to, F_GETFD) >= 0;
    if (!is_open && fails("dup3", __builtin_return_address(0))) {
        return -1;
    }
    return __real_dup3(from, to, flags);
}

WRAP_VARIADIC(int, ioctl, (int fd, unsigned long request, ...), request, void*,
              (fd, request, extra))

int __real_prctl(int option, ...);
int __wrap_prctl(int option, ...) {
    va_list rest;
    va_start(rest, option);
    std::array<unsigned long, 4> more;
    for (unsigned long& one : more) {
        one = va_arg(rest, unsigned long);
    }
    va_end(rest);
    if (fails("prctl", __builtin_return_address(0))) {
        return -1;
    }
    return __real_prctl(option, more[0], more[1], more[2], more[3]);
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...) {
    va_list rest;
    va_start(rest, number);
    std::array<long, 6> more;
    for (long& one : more) {
        one = va_arg(rest, long);
    }
    va_end(rest);
    if (fails("syscall", __builtin_return_address(0))) {
        return -1;
    }
    return __real_syscall(number, more[0], more[1], more[2], more[3], more[4], more[5]);
}

int __wrap_execl(const char* path, const char* first, ...) {
    std::array<char*, 16> argv{const_cast<char*>(first)};
    va_list rest;
    va_start(rest, first);
    for (std::size_t i = 1; i < argv.size() - 1 && argv[i - 1] != nullptr; ++i) {
        argv[i] = va_arg(rest, char*);
    }
    va_end(rest);
    if (fails("execl", __builtin_return_address(0))) {
        return -1;
    }
    return __real_execv(path, argv.data());
}

}  // extern "C"
