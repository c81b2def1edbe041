#include "init/early_mounts.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "init/device_nodes.h"

namespace mainstay::init {
namespace {

struct EarlyMount {
    const char* target;
    const char* type;
    unsigned long flags;
    const char* options;
    /// Used when the kernel refuses the options (EINVAL: it is older than they are).
    const char* older_options;
    mode_t mode;          ///< of the mount point, where it must be made
    const char* without;  ///< what becomes of a system that does not have it
};

constexpr EarlyMount kProc{"/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "",
                           "",      0555,   "there is no command line"};

constexpr std::array kEarlyMounts{
    EarlyMount{"/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "", "", 0555,
               "devices and their modules are not found"},
    EarlyMount{"/dev", "devtmpfs", MS_NOSUID, "mode=0755", "", 0755,
               "its nodes are made of what /sys tells"},
    EarlyMount{"/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=0620,ptmxmode=0666", "",
               0755, "there are no pseudo terminals"},
    EarlyMount{"/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777", "", 01777,
               "a ramfs takes its place"},
    EarlyMount{"/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755", "", 0755,
               "a ramfs takes its place"},
    EarlyMount{"/sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC,
               "nsdelegate,memory_recursiveprot", "nsdelegate", 0555,
               "services run without groups and limits"},
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

void note(MountFailures& failures, const char* target, const char* action,
          const char* without = nullptr) noexcept {
    (void)failures.push_back({target, action, errno, without});
}

bool is_directory(const char* path) noexcept {
    struct stat info {};
    return ::stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/// @returns whether it is mounted; errno says why not
bool mount_as(const EarlyMount& wanted, const char* type, unsigned long flags) noexcept {
    int result = ::mount(type, wanted.target, type, flags, wanted.options);
    if (result != 0 && errno == EINVAL) {
        result = ::mount(type, wanted.target, type, flags, wanted.older_options);
    }
    // EBUSY: mounted already, on a kernel that does not tell (statx before Linux 5.8).
    return result == 0 || errno == EBUSY;
}

/// In memory, so that nodes can be made on a root that is read-only, and go with the power. Where
/// nodes may not be made, those that lie there already are better than none.
void make_own_dev(const EarlyMount& dev, MountFailures& failures) noexcept {
    const bool is_mounted = mount_as(dev, "tmpfs", MS_NOSUID) || mount_as(dev, "ramfs", MS_NOSUID);
    if (const auto made = make_device_nodes(NodesOf::AllDevices); !made) {
        errno = made.error().code;
        note(failures, dev.target, made.error().action);
        if (is_mounted && ::access("/dev/null", F_OK) != 0) {
            (void)::umount2(dev.target, MNT_DETACH);
        }
    }
}

bool has_replacement(const EarlyMount& wanted) noexcept {
    const std::string_view type(wanted.type);
    return type == "devtmpfs" || type == "tmpfs";
}

/// The kernel does not have it at all.
void replace(const EarlyMount& wanted, MountFailures& failures) noexcept {
    const std::string_view type(wanted.type);
    if (type == "devtmpfs") {
        make_own_dev(wanted, failures);
    } else if (type == "tmpfs" && !mount_as(wanted, "ramfs", wanted.flags)) {
        note(failures, wanted.target, "mount", "it lies on the root");
    }
}

void mount_one(const EarlyMount& wanted, MountFailures& failures) noexcept {
    if (is_mount_point(wanted.target)) {
        return;
    }
    if (!is_directory(wanted.target) && ::mkdir(wanted.target, wanted.mode) != 0) {
        note(failures, wanted.target, "mkdir", has_replacement(wanted) ? nullptr : wanted.without);
        return;
    }
    if (mount_as(wanted, wanted.type, wanted.flags)) {
        return;
    }
    const bool is_unknown = errno == ENODEV;
    // What else is wrong with it is not mended by another in its place.
    note(failures, wanted.target, "mount",
         is_unknown || !has_replacement(wanted) ? wanted.without : nullptr);
    if (is_unknown) {
        replace(wanted, failures);
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
