#include "init/disk_shutdown.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
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
bool release(const char* mount_point, Round round, Log& log) noexcept {
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
    // Nobody holds it any more who could still let go; at least what is below it can be unmounted.
    if (round == Round::Last && ::umount2(mount_point, MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {
        log.warning("%s: detached while it is in use", mount_point);
    }
    return false;
}

bool make_read_only(const char* mount_point, Log& log) noexcept {
    if (::mount(nullptr, mount_point, nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0) {
        return true;
    }
    log.error("making %s read-only: %s", mount_point, errno_text(errno));
    return false;
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
bool unmount_in_reverse(std::span<const std::string_view> lines, Round round, Log& log) noexcept {
    bool all_released = true;
    for (std::size_t i = lines.size(); i > 0; --i) {
        const auto mount = parse_mount_line(lines[i - 1]);
        if (!mount || mount->mount_point == "/" || is_layer(mount->mount_point) ||
            is_api_file_system(mount->type)) {
            continue;
        }
        all_released = release(mount->mount_point.c_str(), round, log) && all_released;
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

/// The lines of mountinfo, in memory of their own.
class MountLines {
  public:
    bool read(int proc_fd, Log& log) noexcept {
        auto table = ProcText::read(proc_fd, "self/mountinfo");
        auto memory = MappedMemory::anonymous(kMaxMounts * sizeof(std::string_view));
        if (!table || !memory) {
            const Error& failure = table ? memory.error() : table.error();
            log.error("/proc/self/mountinfo: %s: %s", failure.action, errno_text(failure.code));
            return false;
        }
        table_ = std::move(*table);
        memory_ = std::move(*memory);
        auto* const lines = static_cast<std::string_view*>(memory_.data());
        std::size_t count = 0;
        for (std::string_view rest = table_.text(); !rest.empty() && count < kMaxMounts;) {
            lines[count++] = take_line(rest);
        }
        lines_ = {lines, count};
        return true;
    }
    std::span<const std::string_view> lines() const noexcept { return lines_; }

  private:
    ProcText table_;
    MappedMemory memory_;
    std::span<const std::string_view> lines_;
};

struct OldRootPass {
    unsigned unmounted = 0;
    unsigned left = 0;
};

/// Layers lie within the root that lies on them: out of it, so that it can go first. The image of a
/// live root keeps its medium busy for as long as the root is there.
void move_layers_out() noexcept {
    (void)::mkdir("/layers", 0755);
    for (const char* name : {"live", "lower", "overlay"}) {
        FixedString<64> from("/oldroot/run/initramfs/");
        from.append(name);
        FixedString<64> to("/layers/");
        to.append(name);
        (void)::mkdir(to.c_str(), 0755);
        (void)::mount(from.c_str(), to.c_str(), nullptr, MS_MOVE, nullptr);
    }
}

bool is_of_old_root(std::string_view mount_point) noexcept {
    return mount_point.substr(0, 8) == "/oldroot" || mount_point.substr(0, 8) == "/layers/";
}

/// @param flag 0 or MNT_DETACH, which is said
OldRootPass unmount_old_root(int flag, Log& log) noexcept {
    OldRootPass pass;
    const auto proc = open_file("/proc", O_RDONLY | O_DIRECTORY);
    MountLines mounts;
    if (!proc || !mounts.read(proc->get(), log)) {
        return pass;
    }
    const auto lines = mounts.lines();
    for (std::size_t i = lines.size(); i > 0; --i) {
        const auto mount = parse_mount_line(lines[i - 1]);
        if (!mount || !is_of_old_root(mount->mount_point)) {
            continue;
        }
        if (::umount2(mount->mount_point.c_str(), UMOUNT_NOFOLLOW | flag) == 0) {
            ++pass.unmounted;
        } else {
            ++pass.left;
        }
        if (flag != 0) {
            log.warning("%s is in use; detached all the same", mount->mount_point.c_str());
        }
    }
    return pass;
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

bool unmount_all(int proc_fd, Round round, Log& log) noexcept {
    MountLines mounts;
    if (!mounts.read(proc_fd, log)) {
        return false;
    }
    bool done = unmount_in_reverse(mounts.lines(), round, log);
    // When all is unmounted there is no further round to wait for.
    detach_block_layers(done ? Round::Last : round, log);
    if (root_is_on_disk(mounts.lines())) {
        done = make_read_only("/", log) && done;
    }
    return make_layers_read_only(mounts.lines(), log) && done;
}

bool leave_old_root(Log& log) noexcept {
    move_layers_out();
    // What was moved stands in the table before what it lies on: so several passes, not one in
    // order.
    OldRootPass pass;
    do {
        pass = unmount_old_root(0, log);
        // What this pass set free may be what the next one needs: an image keeps its medium busy.
        detach_block_layers(Round::NotLast, log);
    } while (pass.unmounted != 0 && pass.left != 0);
    if (pass.left != 0) {
        pass = unmount_old_root(MNT_DETACH, log);
    }
    detach_block_layers(Round::Last, log);
    return pass.left == 0;
}

}  // namespace mainstay::init
