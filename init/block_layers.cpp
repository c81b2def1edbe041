#include "init/block_layers.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <linux/raid/md_u.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>

#include "common/fd_io.h"
#include "common/fixed.h"

namespace mainstay::init {
namespace {

/// As many devices may lie on one another, and each pass takes off the topmost.
constexpr int kMostPasses = 8;

struct DirectoryCloser {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

enum class Busy : std::uint8_t { IsKept, IsNamed };

struct Kind {
    std::string_view prefix;  ///< of its names in /sys/block
    const char* sign;         ///< what is below its directory there while it is in use
    unsigned long request;
    /// Whether the request is granted for one that somebody uses, which goes with its last user.
    bool may_be_marked_only;
};
constexpr Kind kArray{"md", "md", STOP_ARRAY, false};
constexpr Kind kLoop{"loop", "loop/backing_file", LOOP_CLR_FD, true};

class Detacher {
  public:
    explicit Detacher(Log& log) noexcept : log_(log) {
        struct stat root {};
        root_device_ = ::stat("/", &root) == 0 ? root.st_dev : 0;
    }

    /// @returns how many were detached
    unsigned run(Busy busy) noexcept {
        busy_ = busy;
        detached_ = 0;
        remove_mapped_devices();
        detach_all(kArray);
        detach_all(kLoop);
        return detached_;
    }

  private:
    void count(const char* name, dev_t device, bool is_detached) noexcept {
        if (is_detached) {
            ++detached_;
            log_.info("detached %s", name);
        } else if (busy_ == Busy::IsNamed && errno != ENXIO && device != root_device_) {
            log_.notice("detaching %s: %s; it stays as it is", name, errno_text(errno));
        }
    }

    void detach_all(const Kind& kind) noexcept {
        const std::unique_ptr<DIR, DirectoryCloser> directory(::opendir("/sys/block"));
        while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
            if (std::string_view(entry->d_name).substr(0, kind.prefix.size()) == kind.prefix) {
                detach(entry->d_name, kind);
            }
        }
    }

    void detach(const char* name, const Kind& kind) noexcept {
        FixedString<320> in_use("/sys/block/");
        in_use.append(name).append("/").append(kind.sign);
        if (::access(in_use.c_str(), F_OK) != 0) {
            return;
        }
        FixedString<320> path("/dev/");
        path.append(name);
        struct stat info {};
        auto fd = open_file(path.c_str(), O_RDONLY | O_NONBLOCK);
        if (!fd || ::fstat(fd->get(), &info) != 0) {
            return;
        }
        const int result = ::ioctl(fd->get(), kind.request, 0);
        const int code = errno;
        fd->reset();
        // Of an array that has been stopped the sign goes a moment later.
        const bool stays = kind.may_be_marked_only && ::access(in_use.c_str(), F_OK) == 0;
        errno = result == 0 ? EBUSY : code;
        count(path.c_str(), info.st_rdev, result == 0 && !stays);
    }

    void remove_mapped_devices() noexcept {
        const auto control = open_file("/dev/mapper/control", O_RDWR);
        if (!control) {
            return;
        }
        alignas(dm_ioctl) std::array<char, 16384> buffer{};
        auto* const list = reinterpret_cast<dm_ioctl*>(buffer.data());
        prepare(*list, buffer.size());
        if (::ioctl(control->get(), DM_LIST_DEVICES, list) != 0) {
            return;
        }
        // Names of which each says how far it is to the next.
        for (std::size_t at = list->data_start; at + sizeof(dm_name_list) < list->data_size;) {
            dm_name_list device{};
            std::memcpy(&device, buffer.data() + at, sizeof device);
            if (device.dev == 0) {
                break;
            }
            remove_mapped(control->get(), buffer.data() + at + offsetof(dm_name_list, name),
                          static_cast<dev_t>(device.dev));
            if (device.next == 0) {
                break;
            }
            at += device.next;
        }
    }

    void remove_mapped(int control, const char* name, dev_t device) noexcept {
        dm_ioctl request{};
        prepare(request, sizeof request);
        std::strncpy(request.name, name, sizeof request.name - 1);
        count(name, device, ::ioctl(control, DM_DEV_REMOVE, &request) == 0);
    }

    static void prepare(dm_ioctl& request, std::size_t size) noexcept {
        request.version[0] = DM_VERSION_MAJOR;
        request.data_size = static_cast<__u32>(size);
        request.data_start = sizeof(dm_ioctl);
    }

    Log& log_;
    dev_t root_device_ = 0;
    Busy busy_ = Busy::IsKept;
    unsigned detached_ = 0;
};

}  // namespace

void detach_block_layers(Round round, Log& log) noexcept {
    // `umount -a` of a shutdown entry takes it away.
    if (::access("/sys/block", F_OK) != 0) {
        (void)::mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
    }
    Detacher detacher(log);
    for (int pass = 0; pass < kMostPasses && detacher.run(Busy::IsKept) != 0; ++pass) {
    }
    if (round == Round::Last) {
        (void)detacher.run(Busy::IsNamed);
    }
}

}  // namespace mainstay::init
