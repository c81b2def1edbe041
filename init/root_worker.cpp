#include "init/root_worker.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "common/clock.h"
#include "common/fd_io.h"
#include "init/early_mounts.h"
#include "init/modules.h"
#include "init/root_device.h"
#include "init/uevents.h"

namespace mainstay::init {
namespace {

static_assert(std::is_trivially_copyable_v<RootReport>, "it goes through a pipe as it is");
static_assert(sizeof(RootReport) <= 4096, "a write of this size to a pipe is atomic");

constexpr std::array kInitPlaces{"/sbin/init", "/etc/init", "/bin/init", "/bin/sh"};

/// The child's work, step by step; each step says in report() why it failed.
class RootFinder {
  public:
    RootFinder(const Cmdline& cmdline, Log& log) noexcept
        : cmdline_(cmdline), log_(log), modules_(log) {}

    RootReport run() noexcept {
        report_.ready = prepare() && wait_for_device() && mount_root() && find_init();
        return report_;
    }

  private:
    bool fail(const FixedString<400>& cause) noexcept {
        report_.cause = cause;
        return false;
    }

    bool prepare() noexcept {
        if (cmdline_.root.kind == RootKind::None) {
            return fail(std::string_view("No root= on the kernel command line."));
        }
        if (const auto opened = uevents_.open(); !opened) {
            log_.warning("uevents: %s; looking once only", errno_text(opened.error().code));
        }
        if (modules_.open()) {
            has_modules_ = true;
            load_named_modules();
            modules_.load_for_all_devices();
        }
        if (cmdline_.root_delay > Duration::zero()) {
            follow_uevents_until(monotonic_now() + cmdline_.root_delay, Until::Deadline);
        }
        return true;
    }

    void load_named_modules() noexcept {
        for (const auto& name : cmdline_.modules) {
            if (modules_.load(name) == ModuleLoader::Outcome::Unknown) {
                log_.warning("modules=: there is no module '%s'", name.c_str());
            }
        }
    }

    bool wait_for_device() noexcept {
        const MonotonicTime deadline =
            cmdline_.wait_for_root ? MonotonicTime::max() : monotonic_now() + cmdline_.root_timeout;
        while (!look_for_device()) {
            if (monotonic_now() >= deadline) {
                FixedString<400> cause;
                cause.append_format("The root device %s did not appear within %.0f s.",
                                    to_text(cmdline_.root).c_str(),
                                    in_seconds(cmdline_.root_timeout));
                return fail(cause);
            }
            follow_uevents_until(deadline, Until::FirstEvent);
        }
        return true;
    }

    bool look_for_device() noexcept {
        const auto found = find_root_device(cmdline_.root);
        if (!found) {
            return false;
        }
        device_ = *found;
        if (device_.matches > 1) {
            log_.warning("%u devices answer to %s; taking %s", device_.matches,
                         to_text(cmdline_.root).c_str(), device_.path.c_str());
        }
        return true;
    }

    enum class Until : std::uint8_t { Deadline, FirstEvent };

    /// Loads the modules of devices that appear. A device's node is in devtmpfs before its event
    /// comes.
    void follow_uevents_until(MonotonicTime deadline, Until until) noexcept {
        while (monotonic_now() < deadline) {
            const auto left = std::min<Duration>(deadline - monotonic_now(), std::chrono::hours(1));
            const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(left).count();
            pollfd watched{uevents_.fd(), POLLIN, 0};
            if (::poll(&watched, 1, static_cast<int>(timeout)) <= 0) {
                return;
            }
            Uevent event;
            while (uevents_.next(event)) {
                if (has_modules_ && event.action == "add" && !event.alias.empty()) {
                    (void)modules_.load_alias(event.alias);
                }
            }
            if (until == Until::FirstEvent) {
                return;
            }
        }
    }

    bool mount_root() noexcept {
        const FixedString<64>& wanted = cmdline_.root_type;
        const std::string_view type = wanted.empty() ? device_.type.view() : wanted.view();
        if (type.empty()) {
            FixedString<400> cause;
            cause.append_format(
                "%s holds no file system that is known; is root= right? rootfstype= names the "
                "type.",
                device_.path.c_str());
            return fail(cause);
        }
        const FixedString<64> type_text(type);
        if (has_modules_) {
            // Built in or already there is just as well; what is missing shows in the mount.
            FixedString<80> alias("fs-");
            alias.append(type);
            if (modules_.load_alias(alias) == 0) {
                (void)modules_.load(type);
            }
        }
        return mount_as(type_text);
    }

    bool mount_as(const FixedString<64>& type) noexcept {
        if (::mkdir(kNewRoot, 0755) != 0 && errno != EEXIST) {
            FixedString<400> cause;
            cause.append_format("Making %s failed: %s.", kNewRoot, errno_text(errno));
            return fail(cause);
        }
        if (is_mount_point(kNewRoot)) {
            return true;  // by hand, in the rescue shell
        }
        const unsigned long flags = cmdline_.root_writable ? 0 : MS_RDONLY;
        if (::mount(device_.path.c_str(), kNewRoot, type.c_str(), flags,
                    cmdline_.root_flags.c_str()) == 0) {
            return true;
        }
        const int code = errno;
        FixedString<400> cause;
        cause.append_format(
            "Mounting %s as %s failed: %s.", device_.path.c_str(), type.c_str(),
            code == ENODEV ? "this kernel does not know the file system type" : errno_text(code));
        if (!device_.type.empty() && type != device_.type.view()) {
            cause.append(" It looks like ").append(device_.type).append(".");
        }
        return fail(cause);
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
            FixedString<400> cause;
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
        FixedString<400> cause;
        cause.append_format(
            "There is no init on the root %s: none of /sbin/init, /etc/init, /bin/init, /bin/sh.",
            device_.path.c_str());
        return fail(cause);
    }

    const Cmdline& cmdline_;
    Log& log_;
    ModuleLoader modules_;
    bool has_modules_ = false;
    UeventSource uevents_;
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
        report.cause = FixedString<400>(
            "The process that was to find the root file system died without a word.");
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
