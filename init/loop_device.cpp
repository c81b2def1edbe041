#include "init/loop_device.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <cstring>

#include "common/fd_io.h"

namespace mainstay::init {
namespace {

/// Between the number that the kernel names and our taking it, somebody else may.
constexpr int kMaxTries = 16;

/// In one call where the kernel has it (Linux 5.8), so that nobody sees it half made.
Result<void> configure(int loop, int file, const char* path) noexcept {
    loop_config config{};
    config.fd = static_cast<__u32>(file);
    config.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
    std::strncpy(reinterpret_cast<char*>(config.info.lo_file_name), path, LO_NAME_SIZE - 1);
    if (::ioctl(loop, LOOP_CONFIGURE, &config) == 0) {
        return {};
    }
    if (errno != EINVAL && errno != ENOTTY) {
        return last_error("LOOP_CONFIGURE");
    }
    if (::ioctl(loop, LOOP_SET_FD, file) != 0) {
        return last_error("LOOP_SET_FD");
    }
    if (::ioctl(loop, LOOP_SET_STATUS64, &config.info) != 0) {
        const Error failure = last_error("LOOP_SET_STATUS64");
        (void)::ioctl(loop, LOOP_CLR_FD, 0);
        return failure;
    }
    return {};
}

/// Where /dev is no devtmpfs, nobody but us makes the node.
Result<UniqueFd> open_loop(const char* path, int number) noexcept {
    auto loop = open_file(path, O_RDONLY);
    if (!loop && loop.error().code == ENOENT) {
        const auto device = ::makedev(LOOP_MAJOR, static_cast<unsigned>(number));
        if (::mknod(path, S_IFBLK | 0600, device) == 0) {
            return open_file(path, O_RDONLY);
        }
    }
    return loop;
}

}  // namespace

Result<LoopDevice> attach_loop(const char* path) noexcept {
    TRY(const UniqueFd file, open_file(path, O_RDONLY));
    const auto control = open_file("/dev/loop-control", O_RDWR);
    if (!control) {
        return Error{"opening /dev/loop-control", control.error().code};
    }
    Error failure{"LOOP_CTL_GET_FREE", EBUSY};
    for (int tries = 0; tries < kMaxTries; ++tries) {
        const int number = ::ioctl(control->get(), LOOP_CTL_GET_FREE);
        if (number < 0) {
            return last_error("LOOP_CTL_GET_FREE");
        }
        LoopDevice device;
        device.path.append_format("/dev/loop%d", number);
        TRY(device.fd, open_loop(device.path.c_str(), number));
        const auto configured = configure(device.fd.get(), file.get(), path);
        if (configured) {
            return device;
        }
        failure = configured.error();
        if (failure.code != EBUSY) {
            break;
        }
    }
    return failure;
}

}  // namespace mainstay::init
