#include "init/root_mounts.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/error.h"
#include "init/early_mounts.h"
#include "init/fsck.h"
#include "init/loop_device.h"
#include "init/mount_options.h"

namespace mainstay::init {
namespace {

constexpr char kLayers[] = "/run/initramfs";
constexpr char kMedium[] = "/run/initramfs/live";
constexpr char kLower[] = "/run/initramfs/lower";
constexpr char kOverlay[] = "/run/initramfs/overlay";
constexpr char kUpper[] = "/run/initramfs/overlay/upper";
constexpr char kWork[] = "/run/initramfs/overlay/work";

Cause make_directory(const char* path) noexcept {
    Cause cause;
    if (::mkdir(path, 0755) != 0 && errno != EEXIST) {
        cause.append_format("Making %s failed: %s.", path, errno_text(errno));
    }
    return cause;
}

/// What mount(2)'s errors mean where their usual text leads astray.
const char* explain_mount(int code) noexcept {
    switch (code) {
        case ENODEV:
            return "this kernel does not know the file system type";
        case EINVAL:
            return "wrong type or option, or a damaged file system";
        default:
            return errno_text(code);
    }
}

}  // namespace

bool RootMounts::has_overlay() const noexcept {
    switch (cmdline_.overlay.kind) {
        case OverlayKind::Unset:
            return cmdline_.live.is_live;
        case OverlayKind::None:
            return false;
        case OverlayKind::Memory:
        case OverlayKind::Device:
            return true;
    }
    return false;
}

RootMounts::FileSystem RootMounts::root_on(const FoundDevice& device) const noexcept {
    const std::string_view wanted = cmdline_.root_type.view();
    return {device.path.c_str(),
            wanted.empty() ? device.type.view() : wanted,
            device.type.view(),
            cmdline_.root_flags.view(),
            cmdline_.root_writable ? Access::Writable : Access::ReadOnly,
            Check::First};
}

Cause RootMounts::mount_root(const FoundDevice& device) noexcept {
    if (auto cause = make_directory(kNewRoot); !cause.empty()) {
        return cause;
    }
    if (is_mount_point(kNewRoot)) {
        return {};
    }
    if (!has_layers()) {
        return mount_on(kNewRoot, root_on(device));
    }
    // Without it the layers would stay behind in the initramfs.
    if (!is_mount_point("/run")) {
        return Cause("A live or overlay root needs /run to be mounted (mainstay.mounts=).");
    }
    if (auto cause = make_directory(kLayers); !cause.empty()) {
        return cause;
    }
    if (auto cause = mount_lower(device); !cause.empty()) {
        return cause;
    }
    if (!has_overlay()) {
        return mount_image();
    }
    auto cause = mount_upper();
    return cause.empty() ? mount_overlay() : cause;
}

/// Of a live root without an overlay the image is not a layer but the root itself.
Cause RootMounts::mount_lower(const FoundDevice& device) noexcept {
    if (!cmdline_.live.is_live) {
        FileSystem lower = root_on(device);
        lower.access = Access::ReadOnly;
        lower.check = Check::No;  // that would write to it
        return mount_on(kLower, lower);
    }
    FileSystem medium = root_on(device);
    medium.access = Access::ReadOnly;
    medium.check = Check::No;
    auto cause = mount_on(kMedium, medium);
    return cause.empty() && has_overlay() ? mount_image() : cause;
}

Cause RootMounts::mount_image() noexcept {
    const char* target = has_overlay() ? kLower : kNewRoot;
    if (is_mount_point(target)) {
        return {};
    }
    FixedString<256> image(kMedium);
    image.append("/").append(cmdline_.live.path());
    Cause cause;
    if (::access(image.c_str(), F_OK) != 0) {
        cause.append_format(
            "There is no %s on the live medium %s (%s); rd.live.dir= and rd.live.squashimg= say "
            "where the image is.",
            cmdline_.live.path().c_str(), to_text(cmdline_.root).c_str(), errno_text(errno));
        return cause;
    }
    devices_.load_module("loop");
    const auto loop = attach_loop(image.c_str());
    if (!loop) {
        cause.append_format("Making %s a loop device failed: %s: %s.", image.c_str(),
                            loop.error().action, errno_text(loop.error().code));
        return cause;
    }
    const FixedString<32> type = file_system_type(loop->path.c_str());
    return mount_on(target, {image.c_str(), type, type, {}, Access::ReadOnly, Check::No},
                    loop->path.c_str());
}

Cause RootMounts::mount_upper() noexcept {
    auto cause =
        cmdline_.overlay.kind == OverlayKind::Device ? mount_upper_device() : mount_upper_memory();
    if (cause.empty()) {
        cause = make_directory(kUpper);
    }
    return cause.empty() ? make_directory(kWork) : cause;
}

Cause RootMounts::mount_upper_device() noexcept {
    if (is_mount_point(kOverlay)) {
        return {};
    }
    FoundDevice device;
    auto cause = devices_.wait_for(cmdline_.overlay.device, "overlay", device);
    if (!cause.empty()) {
        return cause;
    }
    const FileSystem upper{device.path.c_str(), device.type, device.type, {},
                           Access::Writable,    Check::First};
    return mount_on(kOverlay, upper);
}

Cause RootMounts::mount_upper_memory() noexcept {
    FixedString<64> options("mode=0755");
    if (!cmdline_.overlay.size.empty()) {
        options.append(",size=").append(cmdline_.overlay.size);
    }
    return mount_on(kOverlay, {"tmpfs", "tmpfs", {}, options, Access::Writable, Check::No});
}

/// Always writable, whatever ro says of the root itself: that is what it is for.
Cause RootMounts::mount_overlay() noexcept {
    FixedString<256> options;
    options.append_format("lowerdir=%s,upperdir=%s,workdir=%s", kLower, kUpper, kWork);
    return mount_on(kNewRoot, {"overlay", "overlay", {}, options, Access::Writable, Check::No});
}

int RootMounts::try_mount(const char* target, const FileSystem& what, const char* device,
                          const char* type, Access access) noexcept {
    const MountOptions options = parse_mount_options(what.options);
    const unsigned long read_only = access == Access::ReadOnly ? MS_RDONLY : 0;
    return ::mount(device, target, type, options.flags | read_only, options.data.c_str()) == 0
               ? 0
               : errno;
}

Cause RootMounts::mount_on(const char* target, const FileSystem& what,
                           const char* device) noexcept {
    if (auto cause = make_directory(target); !cause.empty() || is_mount_point(target)) {
        return cause;
    }
    Cause cause;
    if (what.type.empty()) {
        cause.append_format(
            "%s holds no file system that is known; is root= right? rootfstype= names the type.",
            what.name);
        return cause;
    }
    const FixedString<64> type(what.type);
    if (what.check == Check::First) {
        cause = check(device, type);
        if (!cause.empty()) {
            return cause;
        }
    }
    devices_.load_file_system(type);
    int code = try_mount(target, what, device, type.c_str(), what.access);
    // As the kernel does it with a root that it mounts itself; an overlay's upper layer is of no
    // use then.
    if ((code == EROFS || code == EACCES) && what.access == Access::Writable &&
        std::string_view(target) == kNewRoot) {
        log_.warning("%s is write-protected; mounting it read-only", what.name);
        code = try_mount(target, what, device, type.c_str(), Access::ReadOnly);
    }
    if (code == 0) {
        return cause;
    }
    cause.append_format("Mounting %s as %s failed: %s.", what.name, type.c_str(),
                        explain_mount(code));
    if (!what.found.empty() && what.type != what.found) {
        cause.append(" It looks like ").append(what.found).append(".");
    }
    return cause;
}

Cause RootMounts::check(const char* device, std::string_view type) noexcept {
    Cause cause;
    const FixedString<64> program = find_fsck(type);
    if (program.empty() || cmdline_.fsck.mode == FsckMode::Skip) {
        return cause;
    }
    RootReport progress;
    progress.outcome = RootReport::Outcome::Checking;
    reports_.tell(progress);
    const FsckVerdict verdict = run_fsck(program.c_str(), device, type, cmdline_.fsck, log_);
    progress.outcome = RootReport::Outcome::Checked;
    reports_.tell(progress);
    if (verdict == FsckVerdict::Damaged) {
        cause.append_format("%s left errors on %s; mend it by hand: %s %s", program.c_str(), device,
                            program.c_str(), device);
    } else if (verdict == FsckVerdict::Reboot) {
        reboot_is_needed_ = true;
        cause.append_format("%s mended %s and asks for a reboot.", program.c_str(), device);
    }
    return cause;
}

}  // namespace mainstay::init
