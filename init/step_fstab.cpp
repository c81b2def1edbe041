#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "common/signals.h"
#include "init/device_search.h"
#include "init/early_mounts.h"
#include "init/fsck.h"
#include "init/fsck_request.h"
#include "init/fstab.h"
#include "init/mapped_memory.h"
#include "init/mount_options.h"
#include "init/program_run.h"
#include "init/rescue.h"
#include "init/steps.h"

// Checks and mounts what fstab names: first the checks, pass by pass, those of one pass side by
// side; then the mounts, in the order of the file. What fails and may not ends in a shell, after
// which it is tried once more, and then the boot goes on.

namespace mainstay::init {
namespace {

constexpr char kFstab[] = "/etc/fstab";
constexpr std::size_t kMaxEntries = 256;
constexpr std::array<std::string_view, 9> kNetworkTypes{
    "nfs", "nfs4", "cifs", "smb3", "ceph", "9pfs", "afs", "fuse.sshfs", "ncpfs"};

bool is_on_network(const FstabEntry& entry, const MountOptions& options) noexcept {
    return options.needs_network || std::find(kNetworkTypes.begin(), kNetworkTypes.end(),
                                              entry.type.view()) != kNetworkTypes.end();
}

/// A source that is a device or says which one; "tmpfs" and directories to be bound are none.
bool names_device(const FstabEntry& entry, const MountOptions& options) noexcept {
    const std::string_view source = entry.source;
    return !options.is_bind &&
           (source.find('=') != std::string_view::npos || source.substr(0, 5) == "/dev/");
}

/// Makes the directories down to @p path.
void make_path(const FixedString<256>& path) noexcept {
    for (std::size_t end = 1; end <= path.size(); ++end) {
        if (end == path.size() || path.view()[end] == '/') {
            const FixedString<256> part(path.view().substr(0, end));
            (void)::mkdir(part.c_str(), 0755);
        }
    }
}

/// One line of fstab on its way to a mount.
struct Work {
    std::uint32_t line = 0;
    FstabEntry entry;
    MountOptions options;
    FoundDevice device;  ///< empty path: none is needed
    pid_t checker = 0;
    FsckVerdict verdict = FsckVerdict::Sound;
    bool is_open = false;  ///< still to be mounted
};

class FstabMounter {
  public:
    explicit FstabMounter(const StepContext& context) noexcept
        : log_(context.log),
          limits_(context.limits),
          in_container_(context.in_container),
          devices_(cmdline_, context.log) {
        std::array<char, 8192> buffer;
        const auto text = in_container_ ? Result<std::string_view>(std::string_view())
                                        : read_file("/proc/cmdline", buffer);
        if (text) {
            cmdline_.read(*text);
        }
        if (!in_container_ && cmdline_.fsck.mode == FsckMode::Auto) {
            obey_last_shutdown();
        }
    }

    StepResult run() noexcept {
        const auto file = MappedMemory::file(kFstab);
        auto memory = MappedMemory::anonymous(kMaxEntries * sizeof(Work));
        if (!file || !memory) {
            return StepResult::Done;
        }
        work_ = static_cast<Work*>(memory->data());
        read(file->text());
        devices_.listen();
        try_all();
        if (failures_ != 0 && offer_shell()) {
            try_all();
        }
        if (!in_container_) {
            (void)::unlink(kForceFsckFile);  // they were meant for this boot
            (void)::unlink(kSkipFsckFile);
        }
        return failures_ == 0 ? StepResult::Done : StepResult::Failed;
    }

  private:
    /// `shutdown -F` and `-f`.
    void obey_last_shutdown() noexcept {
        if (::access(kForceFsckFile, F_OK) == 0) {
            cmdline_.fsck.mode = FsckMode::Force;
        } else if (::access(kSkipFsckFile, F_OK) == 0) {
            cmdline_.fsck.mode = FsckMode::Skip;
        }
    }

    void read(std::string_view text) noexcept {
        for_each_fstab_line(text, [&](std::uint32_t number, const FstabLine& line) {
            if (line.kind == FstabLine::Kind::Wrong) {
                log_.warning("fstab:%u: %s", number, line.problem);
            } else if (line.kind == FstabLine::Kind::Entry && !line.entry.is_swap() &&
                       line.entry.target != "none") {
                add(number, line.entry);
            }
        });
    }

    void add(std::uint32_t number, const FstabEntry& entry) noexcept {
        const MountOptions options = parse_mount_options(entry.options);
        if (options.by_hand) {
            return;
        }
        if (is_on_network(entry, options)) {
            log_.notice("fstab:%u: %s is mounted when there is a network, by a service", number,
                        entry.target.c_str());
            return;
        }
        if (count_ == kMaxEntries) {
            log_.error("fstab:%u: more than %zu lines; not mounted", number, kMaxEntries);
            return;
        }
        work_[count_] = Work{};
        work_[count_].line = number;
        work_[count_].entry = entry;
        work_[count_].options = options;
        work_[count_++].is_open = true;
    }

    void try_all() noexcept {
        failures_ = 0;
        first_failure_.clear();
        for (std::size_t i = 0; i < count_; ++i) {
            find_device(work_[i]);
        }
        check_all();
        for (std::size_t i = 0; i < count_; ++i) {
            if (work_[i].is_open) {
                mount_one(work_[i]);
            }
        }
    }

    [[gnu::format(printf, 3, 4)]] void fail(Work& work, const char* format, ...) noexcept {
        Cause text;
        text.append_format("fstab:%u: %s: ", work.line, work.entry.target.c_str());
        va_list arguments;
        va_start(arguments, format);
        text.append_format_v(format, arguments);
        va_end(arguments);
        if (work.options.may_fail) {
            log_.warning("%s; going on without it (nofail)", text.c_str());
            work.is_open = false;
            return;
        }
        log_.error("%s", text.c_str());
        ++failures_;
        if (first_failure_.empty()) {
            first_failure_ = text;
        }
    }

    /// What may fail is not waited for: it would cost every boot without it a minute.
    void find_device(Work& work) noexcept {
        work.device = FoundDevice{};
        if (!work.is_open || !names_device(work.entry, work.options)) {
            return;
        }
        if (work.entry.target != "/" && is_mount_point(work.entry.target.c_str())) {
            work.is_open = false;  // by the initramfs, or the last try
            return;
        }
        const RootSpec spec = parse_root(work.entry.source);
        if (work.options.may_fail) {
            const auto found = find_root_device(spec);
            if (found) {
                work.device = *found;
            } else {
                fail(work, "%s is not there", work.entry.source.c_str());
            }
            return;
        }
        const Cause cause = devices_.wait_for(spec, work.entry.target.c_str(), work.device);
        if (!cause.empty() && work.entry.target != "/") {
            fail(work, "%s", cause.c_str());
        }
    }

    bool is_to_be_checked(const Work& work) const noexcept {
        if (!work.is_open || work.entry.pass == 0 || work.device.path.empty()) {
            return false;
        }
        // A root that is an overlay is not the device that fstab has for it.
        struct stat root {};
        struct stat device {};
        return work.entry.target != "/" ||
               (::stat("/", &root) == 0 && ::stat(work.device.path.c_str(), &device) == 0 &&
                root.st_dev == device.st_rdev && root_is_read_only());
    }

    static bool root_is_read_only() noexcept { return ::access("/", W_OK) != 0 && errno == EROFS; }

    void check_all() noexcept {
        if (cmdline_.fsck.mode == FsckMode::Skip) {
            return;
        }
        for (std::uint32_t pass = 1; pass != 0; pass = next_pass(pass)) {
            for (std::size_t i = 0; i < count_; ++i) {
                if (work_[i].entry.pass == pass && is_to_be_checked(work_[i])) {
                    start_check(work_[i]);
                }
            }
            wait_for_checks();
        }
    }

    std::uint32_t next_pass(std::uint32_t after) const noexcept {
        std::uint32_t next = 0;
        for (std::size_t i = 0; i < count_; ++i) {
            const std::uint32_t pass = work_[i].entry.pass;
            if (pass > after && (next == 0 || pass < next)) {
                next = pass;
            }
        }
        return next;
    }

    void start_check(Work& work) noexcept {
        const auto program = find_fsck(work.device.type);
        if (program.empty()) {
            return;
        }
        const auto pid = fork_child(limits_);
        if (!pid) {
            log_.error("%s: fork: %s; not checked", program.c_str(), errno_text(pid.error().code));
        } else if (*pid == 0) {
            ::_exit(static_cast<int>(run_fsck(program.c_str(), work.device.path.c_str(),
                                              work.device.type, cmdline_.fsck, log_)));
        } else {
            work.checker = *pid;
        }
    }

    void wait_for_checks() noexcept {
        for (std::size_t i = 0; i < count_; ++i) {
            Work& work = work_[i];
            int status = 0;
            if (work.checker == 0 || ::waitpid(work.checker, &status, 0) != work.checker) {
                continue;
            }
            work.checker = 0;
            work.verdict = WIFEXITED(status) ? static_cast<FsckVerdict>(WEXITSTATUS(status))
                                             : FsckVerdict::Unknown;
            if (work.verdict == FsckVerdict::Reboot) {
                log_.warning("%s was mended in a way that needs a reboot",
                             work.device.path.c_str());
                (void)::kill(1, kSignalReboot);
                ::pause();  // everything ends here
            }
        }
    }

    void mount_one(Work& work) noexcept {
        const bool is_root = work.entry.target == "/";
        if (work.verdict == FsckVerdict::Damaged) {
            work.verdict = FsckVerdict::Sound;  // the next try checks it again
            fail(work, "errors were left on %s; not mounted", work.device.path.c_str());
            return;
        }
        if (!is_root && is_mount_point(work.entry.target.c_str())) {
            work.is_open = false;
            return;
        }
        if (!is_root && names_device(work.entry, work.options) && work.device.path.empty()) {
            return;  // was reported already
        }
        if (work.options.is_too_long) {
            fail(work, "the options are too long");
            return;
        }
        const int code = is_root ? remount_root(work) : mount_new(work);
        if (code == 0) {
            work.is_open = false;
        } else {
            fail(work, "%s: %s", work.entry.source.c_str(), errno_text(code));
        }
    }

    static int remount_root(const Work& work) noexcept {
        return ::mount(nullptr, "/", nullptr, MS_REMOUNT | work.options.flags,
                       work.options.data.c_str()) == 0
                   ? 0
                   : errno;
    }

    int mount_new(const Work& work) noexcept {
        make_path(work.entry.target);
        const char* target = work.entry.target.c_str();
        const char* source =
            work.device.path.empty() ? work.entry.source.c_str() : work.device.path.c_str();
        const FixedString<32> type = work.entry.type == "auto" ? work.device.type : work.entry.type;
        if (const auto helper = find_mount_helper(type); !helper.empty()) {
            const char* const argv[] = {
                helper.c_str(), source, target, "-o", work.entry.options.c_str(), nullptr};
            const auto status = run_program(argv);
            return status && status->is_success() ? 0 : EIO;
        }
        const MountOptions& options = work.options;
        const unsigned long first =
            options.is_bind ? options.flags & (MS_BIND | MS_REC) : options.flags;
        if (::mount(source, target, type.c_str(), first, options.data.c_str()) != 0) {
            return errno;
        }
        // The kernel takes the flags of a bind in a second call, and propagation in a third.
        const unsigned long more = options.flags & ~static_cast<unsigned long>(MS_BIND | MS_REC);
        if (options.is_bind && more != 0 &&
            ::mount(nullptr, target, nullptr, MS_REMOUNT | MS_BIND | more, nullptr) != 0) {
            return errno;
        }
        if (options.propagation != 0 &&
            ::mount(nullptr, target, nullptr, options.propagation, nullptr) != 0) {
            return errno;
        }
        return 0;
    }

    /// mount.TYPE, for what needs more than mount(2).
    static FixedString<64> find_mount_helper(std::string_view type) noexcept {
        for (const char* place : {"/sbin/mount.", "/usr/sbin/mount."}) {
            FixedString<64> path(place);
            path.append(type);
            if (!type.empty() && ::access(path.c_str(), X_OK) == 0) {
                return path;
            }
        }
        return {};
    }

    /// @returns whether somebody had the chance to mend it
    bool offer_shell() noexcept {
        RescueShells shells(log_, limits_);
        log_.show_on_console();
        const bool is_allowed = cmdline_.rescue_shell;
        if (!is_allowed || !(in_container_ ? shells.start_on_own_terminal(first_failure_.c_str())
                                           : shells.start(first_failure_.c_str()))) {
            return false;
        }
        log_.hide_from_console();
        while (shells.run()) {
            int status = 0;
            const pid_t pid = ::waitpid(-1, &status, 0);
            if (pid < 0 && errno != EINTR) {
                return false;
            }
            if (shells.ended(pid, ExitStatus::from_wait(status)) == RescueShells::Ended::GoOn) {
                return true;
            }
        }
        return false;
    }

    Log& log_;
    const BirthLimits& limits_;
    bool in_container_;
    Cmdline cmdline_;
    DeviceSearch devices_;
    Work* work_ = nullptr;
    std::size_t count_ = 0;
    unsigned failures_ = 0;
    Cause first_failure_;
};

}  // namespace

StepResult step_fstab(const StepContext& context) noexcept {
    return FstabMounter(context).run();
}

}  // namespace mainstay::init
