#include "init/switch_root.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "common/fd_io.h"
#include "init/early_mounts.h"
#include "init/environment.h"
#include "init/root_mounts.h"
#include "init/terminal.h"

namespace mainstay::init {
namespace {

constexpr std::array kMovedMounts{"/dev", "/proc", "/sys", "/run"};

FixedString<400> failure(const char* action, const char* what, int code) noexcept {
    FixedString<400> cause;
    cause.append_format("%s %s failed: %s.", action, what, errno_text(code));
    return cause;
}

FixedString<256> below_new_root(const char* path) noexcept {
    FixedString<256> full(kNewRoot);
    full.append(path);
    return full;
}

/// A root without a place for a mount that cannot be made (read-only) loses that mount, not the
/// boot.
void move_mounts_to_new_root(Log& log) noexcept {
    for (const char* source : kMovedMounts) {
        if (!is_mount_point(source)) {
            continue;
        }
        const auto target = below_new_root(source);
        (void)::mkdir(target.c_str(), 0755);
        if (::mount(source, target.c_str(), nullptr, MS_MOVE, nullptr) != 0) {
            log.warning("moving %s to the new root: %s", source, errno_text(errno));
        }
    }
}

/// Undoes the switch. The working directory leads out of the new root, and relative targets with
/// it.
/// @returns whether / is the old root again
bool return_to(int old_root) noexcept {
    if (::fchdir(old_root) != 0) {
        return false;
    }
    for (const char* source : kMovedMounts) {
        if (is_mount_point(source)) {
            (void)::mount(source, source + 1, nullptr, MS_MOVE, nullptr);
        }
    }
    return ::chroot(".") == 0;
}

void delete_below(int directory_fd, dev_t device, int depth) noexcept;

void delete_entry(int directory_fd, const dirent& entry, dev_t device, int depth) noexcept {
    struct stat info {};
    if (::fstatat(directory_fd, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        info.st_dev != device) {
        return;  // another file system: never touched
    }
    if (!S_ISDIR(info.st_mode)) {
        (void)::unlinkat(directory_fd, entry.d_name, 0);
        return;
    }
    const UniqueFd child(
        ::openat(directory_fd, entry.d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (child.valid()) {
        delete_below(child.get(), device, depth + 1);
        (void)::unlinkat(directory_fd, entry.d_name, AT_REMOVEDIR);
    }
}

void delete_below(int directory_fd, dev_t device, int depth) noexcept {
    constexpr int kDeepest = 64;
    const int copy = ::fcntl(directory_fd, F_DUPFD_CLOEXEC, 3);
    DIR* directory = copy < 0 ? nullptr : ::fdopendir(copy);
    if (directory == nullptr) {
        return;
    }
    while (const dirent* entry = ::readdir(directory)) {
        const std::string_view name(entry->d_name);
        if (name != "." && name != ".." && depth < kDeepest) {
            delete_entry(directory_fd, *entry, device, depth);
        }
    }
    ::closedir(directory);
}

/// Waits for the other end of @p pipe to close: by the exec (nothing was written) or after a failed
/// one (a byte was). Only the first frees the initramfs.
[[noreturn]] void free_after_exec(int old_root, int pipe, dev_t device) noexcept {
    char byte = 0;
    const ssize_t count = ::read(pipe, &byte, 1);
    if (count == 0) {
        delete_below(old_root, device, 0);
    }
    ::_exit(0);
}

/// The way back to the old root, and the child that deletes it.
struct OldRoot {
    UniqueFd fd;
    Pipe pipe;
};

Result<OldRoot> start_freeing_child(const BirthLimits& limits) noexcept {
    OldRoot old_root;
    TRY(old_root.fd, open_file("/", O_RDONLY | O_DIRECTORY));
    TRY(old_root.pipe, make_pipe());
    struct stat info {};
    if (::fstat(old_root.fd.get(), &info) != 0) {
        return last_error("stat");
    }
    TRY(const pid_t pid, fork_child(limits));
    if (pid == 0) {
        ::setsid();
        old_root.pipe.write_end.reset();
        free_after_exec(old_root.fd.get(), old_root.pipe.read_end.get(), info.st_dev);
    }
    return old_root;
}

void execute(const char* init_path, char** argv) noexcept {
    argv[0] = const_cast<char*>(init_path);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execv(init_path, argv);
    const int code = errno;
    block_signals();
    errno = code;
}

}  // namespace

FixedString<400> switch_root(const char* init_path, char** argv, Log& log,
                             const BirthLimits& limits) noexcept {
    if (!root_is_in_memory()) {
        return FixedString<400>("/ is no initramfs; nothing is moved or deleted.");
    }
    auto old_root = start_freeing_child(limits);
    if (!old_root) {
        return failure("Preparing to free", "the initramfs", old_root.error().code);
    }
    move_mounts_to_new_root(log);
    if (::chdir(kNewRoot) != 0 || ::mount(".", "/", nullptr, MS_MOVE, nullptr) != 0 ||
        ::chroot(".") != 0 || ::chdir("/") != 0) {
        return failure("Switching to", kNewRoot, errno);
    }
    // The console's number is the same, its node is the moved /dev's: the log's descriptors stay
    // good.
    log.notice("starting %s on the real root", init_path);
    char* const own_name = argv[0];
    // As the kernel starts an init: with the console as its standard input and output.
    (void)use_terminal("console", Claim::None).has_value();
    execute(init_path, argv);
    const int code = errno;
    detach_stdio();
    argv[0] = own_name;
    (void)write_all(old_root->pipe.write_end.get(), "x").has_value();
    if (!return_to(old_root->fd.get())) {
        log.error("returning to the initramfs: %s", errno_text(errno));
    }
    return failure("Executing", init_path, code);
}

}  // namespace mainstay::init
