/// Puts the root together on kNewRoot: a device as it is, or layers of which only the topmost takes
/// writes. The layers lie below /run/initramfs, which follows into the new root, so that a shutdown
/// can take them apart again:
///
///     /run/initramfs/live      the medium of a live root
///     /run/initramfs/lower     what lies below the overlay: the image on the medium, or the device
///     /run/initramfs/overlay   what takes the writes, in upper/ (and work/, overlayfs's own)
///
/// Everything here may block and runs in the root worker. What is mounted already is left as it is:
/// the last try, or somebody in the rescue shell, did it.
#pragma once

#include <string_view>

#include "init/cause.h"
#include "init/cmdline.h"
#include "init/device_search.h"
#include "init/log.h"
#include "init/root_device.h"
#include "init/root_report.h"

namespace mainstay::init {

inline constexpr char kNewRoot[] = "/sysroot";

class RootMounts {
  public:
    RootMounts(const Cmdline& cmdline, DeviceSearch& devices, const ReportPipe& reports,
               Log& log) noexcept
        : cmdline_(cmdline), devices_(devices), reports_(reports), log_(log) {}

    /// @param device that root= named
    Cause mount_root(const FoundDevice& device) noexcept;

    /// What the new root's fstab has for /usr, if anything.
    Cause mount_usr() noexcept;

    /// Whether the root is more than one file system on a device.
    bool has_layers() const noexcept { return cmdline_.live.is_live || has_overlay(); }

    /// Whether the last cause is that of a check which wants the machine to start anew.
    bool reboot_is_needed() const noexcept { return reboot_is_needed_; }

  private:
    enum class Access : bool { ReadOnly, Writable };
    enum class Check : bool { No, First };

    struct FileSystem {
        const char* name;          ///< device or file, as a person knows it
        std::string_view type;     ///< to mount it as
        std::string_view found;    ///< what its superblock says, may be empty
        std::string_view options;  ///< as people write them
        Access access;
        Check check;
    };

    bool has_overlay() const noexcept;
    FileSystem root_on(const FoundDevice& device) const noexcept;
    Cause mount_lower(const FoundDevice& device) noexcept;
    Cause mount_image() noexcept;
    Cause mount_upper() noexcept;
    Cause mount_upper_device() noexcept;
    Cause mount_upper_memory() noexcept;
    Cause mount_overlay() noexcept;
    Cause mount_on(const char* target, const FileSystem& what) noexcept {
        return mount_on(target, what, what.name);
    }
    Cause mount_on(const char* target, const FileSystem& what, const char* device) noexcept;

    /// @returns 0 or an errno
    static int try_mount(const char* target, const FileSystem& what, const char* device,
                         const char* type, Access access) noexcept;
    Cause check(const char* device, std::string_view type) noexcept;

    const Cmdline& cmdline_;
    DeviceSearch& devices_;
    const ReportPipe& reports_;
    Log& log_;
    bool reboot_is_needed_ = false;
};

}  // namespace mainstay::init
