#include "init/early_mounts.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace mainstay::init {
namespace {

struct EarlyMount {
    const char* target;
    const char* type;
    unsigned long flags;
    const char* options;
    /// Used when the kernel refuses the options (EINVAL: it is older than they are).
    const char* older_options;
    mode_t mode;  ///< of the mount point, where it must be made
};

constexpr EarlyMount kProc{"/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "", "", 0555};

constexpr std::array kEarlyMounts{
    EarlyMount{"/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "", "", 0555},
    EarlyMount{"/dev", "devtmpfs", MS_NOSUID, "mode=0755", "", 0755},
    EarlyMount{"/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=0620,ptmxmode=0666", "",
               0755},
    EarlyMount{"/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777", "", 01777},
    EarlyMount{"/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755", "", 0755},
    EarlyMount{"/sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC,
               "nsdelegate,memory_recursiveprot", "nsdelegate", 0555},
};

struct Link {
    const char* path;
    const char* target;
};
constexpr std::array kDevLinks{
    Link{"/dev/fd", "/proc/self/fd"},
    Link{"/dev/stdin", "/proc/self/fd/0"},
    Link{"/dev/stdout", "/proc/self/fd/1"},
    Link{"/dev/stderr", "/proc/self/fd/2"},
};

void note(MountFailures& failures, const char* target, const char* action) noexcept {
    (void)failures.push_back({target, action, errno});
}

bool is_directory(const char* path) noexcept {
    struct stat info {};
    return ::stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

void mount_one(const EarlyMount& wanted, MountFailures& failures) noexcept {
    if (is_mount_point(wanted.target)) {
        return;
    }
    if (!is_directory(wanted.target) && ::mkdir(wanted.target, wanted.mode) != 0) {
        note(failures, wanted.target, "mkdir");
        return;
    }
    int result = ::mount(wanted.type, wanted.target, wanted.type, wanted.flags, wanted.options);
    if (result != 0 && errno == EINVAL) {
        result =
            ::mount(wanted.type, wanted.target, wanted.type, wanted.flags, wanted.older_options);
    }
    // EBUSY: mounted already, on a kernel that does not tell (statx before Linux 5.8).
    if (result != 0 && errno != EBUSY) {
        note(failures, wanted.target, "mount");
    }
}

}  // namespace

bool is_mount_point(const char* path) noexcept {
    struct statx info {};
    const auto look = [&] { return ::statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, 0, &info) == 0; };
    // Asked twice where it may only have failed this time: what is mounted must not be covered.
    if (!look() && (errno == ENOENT || errno == ENOTDIR || errno == ENOSYS || !look())) {
        return false;
    }
    return (info.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0 &&
           (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

void mount_proc(MountFailures& failures) noexcept {
    mount_one(kProc, failures);
}

void mount_early(MountFailures& failures) noexcept {
    for (const EarlyMount& wanted : kEarlyMounts) {
        mount_one(wanted, failures);
    }
    for (const Link& link : kDevLinks) {
        if (::symlink(link.target, link.path) != 0 && errno != EEXIST) {
            note(failures, link.path, "symlink");
        }
    }
    if (::mkdir("/run/lock", 01777) == 0) {
        (void)::chmod("/run/lock", 01777);  // mkdir took the umask off
    } else if (errno != EEXIST) {
        note(failures, "/run/lock", "mkdir");
    }
}

}  // namespace mainstay::init
