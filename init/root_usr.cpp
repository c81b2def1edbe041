#include <sys/mount.h>

#include <cerrno>

#include "init/early_mounts.h"
#include "init/fstab.h"
#include "init/mapped_memory.h"
#include "init/mount_options.h"
#include "init/root_mounts.h"

// A root whose /usr is a file system of its own holds no init before that is mounted, where /sbin
// is a link into it: so the new root's fstab is asked for this one.

namespace mainstay::init {
namespace {

constexpr char kFstab[] = "/sysroot/etc/fstab";
constexpr char kUsr[] = "/sysroot/usr";

bool find_usr(std::string_view text, FstabEntry& entry) noexcept {
    bool found = false;
    for_each_fstab_line(text, [&](std::uint32_t, const FstabLine& line) {
        if (line.kind == FstabLine::Kind::Entry && line.entry.target == "/usr") {
            entry = line.entry;
            found = true;
        }
    });
    return found;
}

}  // namespace

Cause RootMounts::mount_usr() noexcept {
    const auto file = MappedMemory::file(kFstab);
    FstabEntry entry;
    if (!file || !find_usr(file->text(), entry) || is_mount_point(kUsr)) {
        return {};
    }
    const MountOptions options = parse_mount_options(entry.options);
    if (options.by_hand || options.is_bind || options.needs_network) {
        return {};
    }
    const RootSpec spec = parse_root(entry.source);
    FoundDevice device;
    Cause cause = devices_.wait_for(spec, "/usr", device);
    if (cause.empty()) {
        const std::string_view type = entry.type == "auto" ? device.type.view() : entry.type.view();
        cause =
            mount_on(kUsr, {device.path.c_str(), type, device.type, entry.options,
                            (options.flags & MS_RDONLY) != 0 ? Access::ReadOnly : Access::Writable,
                            entry.pass == 0 ? Check::No : Check::First});
    }
    if (!cause.empty() && options.may_fail && !reboot_is_needed_) {
        log_.warning("/usr: %s Going on without it (nofail).", cause.c_str());
        return {};
    }
    return cause;
}

}  // namespace mainstay::init
