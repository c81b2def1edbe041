#include "init/disk_shutdown.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/swap.h>
#include <unistd.h>

#include <cerrno>
#include <span>

#include "common/fd_io.h"
#include "init/mapped_memory.h"
#include "init/mount_table.h"

namespace mainstay::init {
namespace {

constexpr std::size_t kMaxTable = std::size_t{4} * 1024 * 1024;
constexpr std::size_t kMaxMounts = 16'384;

/// A text under /proc, whole, in memory of its own.
class ProcText {
  public:
    static Result<ProcText> read(int proc_fd, const char* name) noexcept {
        ProcText whole;
        TRY(whole.memory_, MappedMemory::anonymous(kMaxTable));
        const UniqueFd fd(::openat(proc_fd, name, O_RDONLY | O_CLOEXEC));
        if (!fd.valid()) {
            return last_error("open");
        }
        TRY(whole.text_,
            read_up_to(fd.get(), {static_cast<char*>(whole.memory_.data()), kMaxTable}));
        return whole;
    }
    std::string_view text() const noexcept { return text_; }

  private:
    MappedMemory memory_;
    std::string_view text_;
};

std::string_view take_line(std::string_view& rest) noexcept {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : line.size());
    return line;
}

/// @returns whether the file system no longer takes writes
bool release(const char* mount_point, Log& log) noexcept {
    if (::umount2(mount_point, UMOUNT_NOFOLLOW) == 0) {
        return true;
    }
    const int code = errno;
    if (::mount(nullptr, mount_point, nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0) {
        log.warning("unmounting %s: %s; made it read-only", mount_point, errno_text(code));
        return true;
    }
    log.error("unmounting %s: %s; making it read-only: %s", mount_point, errno_text(code),
              errno_text(errno));
    return false;
}

bool make_read_only(const char* mount_point, Log& log) noexcept {
    if (::mount(nullptr, mount_point, nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0) {
        return true;
    }
    log.error("making %s read-only: %s", mount_point, errno_text(errno));
    return false;
}

void detach_loop_devices(Log& log) noexcept {
    for (int number = 0; number < 256; ++number) {
        FixedString<64> path;
        path.append_format("/sys/block/loop%d/loop/backing_file", number);
        if (::access(path.c_str(), F_OK) != 0) {
            continue;
        }
        path.clear();
        path.append_format("/dev/loop%d", number);
        const auto fd = open_file(path.c_str(), O_RDONLY | O_NONBLOCK);
        if (!fd || ::ioctl(fd->get(), LOOP_CLR_FD, 0) != 0) {
            log.warning("detaching %s: %s", path.c_str(), errno_text(errno));
        }
    }
}

/// The layers of the root: their file systems live as long as the root does, even unmounted. See
/// root_mounts.h.
bool is_layer(std::string_view mount_point) noexcept {
    constexpr std::string_view kLayers = "/run/initramfs/";
    return mount_point.substr(0, kLayers.size()) == kLayers;
}

/// After the root took its last write.
bool make_layers_read_only(std::span<const std::string_view> lines, Log& log) noexcept {
    bool done = true;
    for (const std::string_view line : lines) {
        const auto mount = parse_mount_line(line);
        if (mount && is_layer(mount->mount_point) && !is_api_file_system(mount->type)) {
            done = make_read_only(mount->mount_point.c_str(), log) && done;
        }
    }
    return done;
}

/// Mount points in the order of the table; later ones lie on earlier ones.
bool unmount_in_reverse(std::span<const std::string_view> lines, Log& log) noexcept {
    bool all_released = true;
    for (std::size_t i = lines.size(); i > 0; --i) {
        const auto mount = parse_mount_line(lines[i - 1]);
        if (!mount || mount->mount_point == "/" || is_layer(mount->mount_point) ||
            is_api_file_system(mount->type)) {
            continue;
        }
        all_released = release(mount->mount_point.c_str(), log) && all_released;
    }
    return all_released;
}

bool root_is_on_disk(std::span<const std::string_view> lines) noexcept {
    // The last line of "/" is the visible one.
    for (std::size_t i = lines.size(); i > 0; --i) {
        const auto mount = parse_mount_line(lines[i - 1]);
        if (mount && mount->mount_point == "/") {
            return !is_api_file_system(mount->type);
        }
    }
    return false;
}

}  // namespace

void sync_disks() noexcept {
    ::sync();
}

void swap_off(int proc_fd, Log& log) noexcept {
    const auto swaps = ProcText::read(proc_fd, "swaps");
    if (!swaps) {
        if (swaps.error().code != ENOENT) {  // a kernel without swap
            log.error("/proc/swaps: %s: %s; swap stays on", swaps.error().action,
                      errno_text(swaps.error().code));
        }
        return;
    }
    std::string_view rest = swaps->text();
    (void)take_line(rest);  // the heading
    while (!rest.empty()) {
        const std::string_view line = take_line(rest);
        const FixedString<kMaxPath> path(line.substr(0, line.find(' ')));
        if (!path.empty() && ::swapoff(path.c_str()) != 0) {
            log.warning("swapoff %s: %s", path.c_str(), errno_text(errno));
        }
    }
}

bool unmount_all(int proc_fd, Log& log) noexcept {
    const auto table = ProcText::read(proc_fd, "self/mountinfo");
    if (!table) {
        log.error("/proc/self/mountinfo: %s: %s", table.error().action,
                  errno_text(table.error().code));
        return false;
    }
    auto memory = MappedMemory::anonymous(kMaxMounts * sizeof(std::string_view));
    if (!memory) {
        log.error("unmounting: %s: %s", memory.error().action, errno_text(memory.error().code));
        return false;
    }
    auto* lines = static_cast<std::string_view*>(memory->data());
    std::size_t count = 0;
    for (std::string_view rest = table->text(); !rest.empty() && count < kMaxMounts;) {
        lines[count++] = take_line(rest);
    }
    bool done = unmount_in_reverse({lines, count}, log);
    detach_loop_devices(log);
    if (root_is_on_disk({lines, count})) {
        done = make_read_only("/", log) && done;
    }
    done = make_layers_read_only({lines, count}, log) && done;
    return done;
}

}  // namespace mainstay::init
