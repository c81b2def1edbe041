#include "init/environment.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "common/fd_io.h"
#include "common/paths.h"

namespace mainstay::init {

bool is_first_pid_namespace() noexcept {
    // The inode number of the first pid namespace is fixed (PROC_PID_INIT_INO,
    // include/linux/proc_ns.h).
    constexpr std::string_view kFirst = "pid:[4026531836]";
    std::array<char, 64> buffer;
    const ssize_t size = ::readlink("/proc/self/ns/pid", buffer.data(), buffer.size());
    return size < 0 || std::string_view(buffer.data(), static_cast<std::size_t>(size)) == kFirst;
}

bool is_container(std::optional<bool> forced) noexcept {
    if (forced) {
        return *forced;
    }
    return std::getenv("container") != nullptr || !is_first_pid_namespace();
}

bool root_is_in_memory() noexcept {
    struct statfs info {};
    return ::statfs("/", &info) == 0 && (info.f_type == RAMFS_MAGIC || info.f_type == TMPFS_MAGIC);
}

bool initramfs_is_cut_off() noexcept {
    return root_is_in_memory() && ::access("/etc/initramfs.begin", F_OK) == 0 &&
           ::access("/etc/initramfs.end", F_OK) != 0 && errno == ENOENT;
}

Role detect_role(const char* argv0, std::optional<bool> forced_container,
                 const Cmdline& cmdline) noexcept {
    if (is_container(forced_container)) {
        return Role::Container;
    }
    const bool has_root = cmdline.root.kind != RootKind::None || cmdline.has_rd_word;
    if (std::string_view(argv0) == "/init" && root_is_in_memory() && has_root) {
        return Role::Initramfs;
    }
    return Role::Machine;
}

void detach_stdio() noexcept {
    auto null = open_file("/dev/null", O_RDWR);
    if (!null) {
        // Without devtmpfs: any descriptor will do to keep 0-2 from being reused.
        null = open_file("/", O_RDONLY | O_DIRECTORY);
    }
    if (!null) {
        return;
    }
    for (int target = 0; target <= 2; ++target) {
        (void)::dup2(null->get(), target);
    }
    if (null->get() <= 2) {
        (void)null->release();
    }
}

void set_base_variables() noexcept {
    (void)::setenv("PATH", kDefaultPath, 0);
    (void)::setenv("HOME", "/", 0);
    (void)::setenv("SHELL", "/bin/sh", 0);
    (void)::setenv("TERM", "linux", 0);
}

ConsoleNode make_console_node() noexcept {
    if (::access("/dev/console", F_OK) == 0) {
        return ConsoleNode::WasThere;
    }
    const int made = ::mknod("/dev/console", S_IFCHR | 0600, makedev(5, 1));
    // EEXIST: it was there all the same, and only looking at it failed.
    if (made != 0 && errno == EEXIST) {
        return ConsoleNode::WasThere;
    }
    return made == 0 ? ConsoleNode::Made : ConsoleNode::Missing;
}

}  // namespace mainstay::init
