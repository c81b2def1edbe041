#include "init/root_finder.h"

#include <sys/stat.h>

#include <array>

#include "init/early_mounts.h"
#include "init/exit_root.h"

namespace mainstay::init {
namespace {

constexpr std::array kInitPlaces{"/sbin/init", "/etc/init", "/bin/init", "/bin/sh"};

bool is_executable_there(std::string_view path) noexcept {
    FixedString<512> full(kNewRoot);
    full.append(path);
    struct stat info {};
    // lstat: a symbolic link may be absolute, and then leads elsewhere only after switch_root.
    if (::lstat(full.c_str(), &info) != 0) {
        return false;
    }
    return S_ISLNK(info.st_mode) || (S_ISREG(info.st_mode) && (info.st_mode & 0111) != 0);
}

}  // namespace

RootReport RootFinder::run() noexcept {
    const bool done = stop_at(BreakPoint::Modules) && load_modules() && stop_at(BreakPoint::Root) &&
                      find_device() && stop_at(BreakPoint::Mount) && mount_root() &&
                      stop_at(BreakPoint::Switch) && find_init();
    if (done) {
        report_.outcome = RootReport::Outcome::Ready;
    }
    return report_;
}

bool RootFinder::fail(const Cause& cause) noexcept {
    report_.outcome = RootReport::Outcome::Failed;
    report_.cause = cause;
    return false;
}

/// @returns whether to go on
bool RootFinder::stop_at(BreakPoint point) noexcept {
    if (!cmdline_.breaks.has(point) || passed_.has(point)) {
        return true;
    }
    report_.outcome = RootReport::Outcome::Break;
    report_.break_point = point;
    return false;
}

bool RootFinder::load_modules() noexcept {
    devices_.begin();
    return true;
}

bool RootFinder::find_device() noexcept {
    if (is_mount_point(kNewRoot)) {
        device_.path = std::string_view(kNewRoot);
        return true;  // by hand, in a shell, or in the try before
    }
    if (cmdline_.root.kind == RootKind::None) {
        return fail(std::string_view("No root= on the kernel command line."));
    }
    const Cause cause = devices_.wait_for(cmdline_.root, "root", device_);
    return cause.empty() || fail(cause);
}

bool RootFinder::mount_root() noexcept {
    Cause cause = mounts_.mount_root(device_);
    if (cause.empty()) {
        cause = mounts_.mount_usr();
    }
    if (cause.empty()) {
        if (mounts_.has_layers()) {
            keep_program_for_exit(log_);
        }
        return true;
    }
    (void)fail(cause);
    if (mounts_.reboot_is_needed()) {
        report_.outcome = RootReport::Outcome::Reboot;
    }
    return false;
}

bool RootFinder::find_init() noexcept {
    Cause cause;
    if (!cmdline_.init.empty()) {
        report_.init_path = cmdline_.init;
        if (is_executable_there(cmdline_.init)) {
            return true;
        }
        cause.append_format("init=%s is not an executable file on the root %s.",
                            cmdline_.init.c_str(), device_.path.c_str());
        return fail(cause);
    }
    for (const char* place : kInitPlaces) {
        if (is_executable_there(place)) {
            report_.init_path = std::string_view(place);
            return true;
        }
    }
    cause.append_format(
        "There is no init on the root %s: none of /sbin/init, /etc/init, /bin/init, /bin/sh.",
        device_.path.c_str());
    return fail(cause);
}

}  // namespace mainstay::init
