#include "init/block_layers.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <linux/raid/md_u.h>
#include <sys/ioctl.h>
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
constexpr int kDeepestLayer = 8;

struct DirectoryCloser {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

class Detacher {
  public:
    Detacher(Round round, Log& log) noexcept : round_(round), log_(log) {}

    /// @returns how many were detached
    unsigned run() noexcept {
        detached_ = 0;
        remove_mapped_devices();
        const std::unique_ptr<DIR, DirectoryCloser> directory(::opendir("/sys/block"));
        while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
            const std::string_view name(entry->d_name);
            if (name.substr(0, 4) == "loop") {
                detach(entry->d_name, "loop/backing_file", LOOP_CLR_FD);
            } else if (name.substr(0, 2) == "md") {
                detach(entry->d_name, "md", STOP_ARRAY);
            }
        }
        return detached_;
    }

  private:
    void count(const char* name, int result) noexcept {
        if (result == 0) {
            ++detached_;
        } else if (round_ == Round::Last && errno != ENXIO) {
            log_.warning("detaching %s: %s", name, errno_text(errno));
        }
    }

    /// @param sign what is below its directory of sysfs while it is in use
    void detach(const char* name, const char* sign, unsigned long request) noexcept {
        FixedString<320> path("/sys/block/");
        path.append(name).append("/").append(sign);
        if (::access(path.c_str(), F_OK) != 0) {
            return;
        }
        path.clear();
        path.append("/dev/").append(name);
        const auto fd = open_file(path.c_str(), O_RDONLY | O_NONBLOCK);
        if (fd) {
            count(path.c_str(), ::ioctl(fd->get(), request, 0));
        }
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
            remove_mapped(control->get(), buffer.data() + at + offsetof(dm_name_list, name));
            if (device.next == 0) {
                break;
            }
            at += device.next;
        }
    }

    void remove_mapped(int control, const char* name) noexcept {
        dm_ioctl request{};
        prepare(request, sizeof request);
        std::strncpy(request.name, name, sizeof request.name - 1);
        count(name, ::ioctl(control, DM_DEV_REMOVE, &request));
    }

    static void prepare(dm_ioctl& request, std::size_t size) noexcept {
        request.version[0] = DM_VERSION_MAJOR;
        request.data_size = static_cast<__u32>(size);
        request.data_start = sizeof(dm_ioctl);
    }

    Round round_;
    Log& log_;
    unsigned detached_ = 0;
};

}  // namespace

void detach_block_layers(Round round, Log& log) noexcept {
    Detacher detacher(round, log);
    for (int pass = 0; pass < kDeepestLayer && detacher.run() != 0; ++pass) {
    }
}

}  // namespace mainstay::init
