#include "init/root_worker.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "common/fd_io.h"
#include "init/device_search.h"
#include "init/early_mounts.h"
#include "init/root_device.h"
#include "init/root_mounts.h"

namespace mainstay::init {
namespace {

static_assert(std::is_trivially_copyable_v<RootReport>, "it goes through a pipe as it is");
static_assert(sizeof(RootReport) <= 4096, "a write of this size to a pipe is atomic");

constexpr std::array kInitPlaces{"/sbin/init", "/etc/init", "/bin/init", "/bin/sh"};

/// The child's work, step by step; each step says in report() why it failed.
class RootFinder {
  public:
    RootFinder(const Cmdline& cmdline, Log& log) noexcept
        : cmdline_(cmdline), devices_(cmdline, log), mounts_(cmdline, devices_) {}

    RootReport run() noexcept {
        report_.ready = prepare() && mount_root() && find_init();
        return report_;
    }

  private:
    bool fail(const Cause& cause) noexcept {
        report_.cause = cause;
        return false;
    }

    bool prepare() noexcept {
        if (cmdline_.root.kind == RootKind::None) {
            return fail(std::string_view("No root= on the kernel command line."));
        }
        devices_.begin();
        return true;
    }

    bool mount_root() noexcept {
        if (is_mount_point(kNewRoot)) {
            device_.path = FixedString<256>(kNewRoot);
            return true;  // by hand, in the rescue shell
        }
        Cause cause = devices_.wait_for(cmdline_.root, device_);
        if (cause.empty()) {
            cause = mounts_.mount_root(device_);
        }
        return cause.empty() || fail(cause);
    }

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

    bool find_init() noexcept {
        if (!cmdline_.init.empty()) {
            report_.init_path = cmdline_.init;
            if (is_executable_there(cmdline_.init)) {
                return true;
            }
            Cause cause;
            cause.append_format("init=%s is not an executable file on the root %s.",
                                cmdline_.init.c_str(), device_.path.c_str());
            return fail(cause);
        }
        for (const char* place : kInitPlaces) {
            if (is_executable_there(place)) {
                report_.init_path = FixedString<256>(place);
                return true;
            }
        }
        Cause cause;
        cause.append_format(
            "There is no init on the root %s: none of /sbin/init, /etc/init, /bin/init, /bin/sh.",
            device_.path.c_str());
        return fail(cause);
    }

    const Cmdline& cmdline_;
    DeviceSearch devices_;
    RootMounts mounts_;
    FoundDevice device_;
    RootReport report_;
};

}  // namespace

Result<void> RootWorker::start(const Cmdline& cmdline, Log& log,
                               const BirthLimits& limits) noexcept {
    TRY(Pipe pipe, make_pipe());
    TRY(const pid_t pid, fork_child(limits));
    if (pid == 0) {
        const RootReport report = RootFinder(cmdline, log).run();
        const auto* bytes = reinterpret_cast<const char*>(&report);
        ::_exit(write_all(pipe.write_end.get(), {bytes, sizeof report}) ? 0 : 1);
    }
    pid_ = pid;
    report_ = std::move(pipe.read_end);
    return {};
}

RootReport RootWorker::finish() noexcept {
    pid_ = 0;
    RootReport report;
    std::array<char, sizeof(RootReport)> bytes;
    const auto text = read_up_to(report_.get(), bytes);
    if (!text || text->size() != sizeof report) {
        report.cause =
            Cause("The process that was to find the root file system died without a word.");
        return report;
    }
    std::memcpy(&report, bytes.data(), sizeof report);
    return report;
}

void RootWorker::kill() const noexcept {
    if (pid_ != 0) {
        ::kill(pid_, SIGKILL);
    }
}

}  // namespace mainstay::init
