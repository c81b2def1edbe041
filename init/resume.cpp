#include "init/resume.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/clock.h"
#include "common/fd_io.h"
#include "common/paths.h"
#include "common/version.h"
#include "init/environment.h"

namespace mainstay::init {
namespace {

/// The third fault within a minute: trying again by itself would only be the fourth.
void wait_in_emergency(Pid1& pid1, SignalSource& signals, Role role) noexcept {
    constexpr char kCause[] =
        "PID 1 itself failed three times within a minute, see its messages. Services run on.";
    RescueShells shells(pid1.log, pid1.limits);
    pid1.log.show_on_console();
    const bool runs =
        role == Role::Container ? shells.start_on_own_terminal(kCause) : shells.start(kCause);
    if (runs && wait_for_shells(shells, signals)) {
        pid1.memory.faults().recent_count = 0;
    } else if (role == Role::Container) {
        // Nobody is there to mend it but the container's manager, who can start it anew.
        pid1.log.error("no terminal for a shell: the container ends");
        ::_exit(1);
    } else {
        ::sleep(1);  // nor is it tried in a tight loop
    }
    pid1.log.hide_from_console();
}

/// Says what happened, where a person looks for it.
void tell_of_fault(const FaultRecord& faults, Recovery recovery, Log& log) noexcept {
    const auto cause = describe(faults.last);
    const char* const how = recovery == Recovery::Resume     ? "everything goes on"
                            : recovery == Recovery::KeepOnly ? "going on with processes only"
                                                             : "a person is needed";
    log.error("PID 1 failed: %s; fault %u since the boot, %s", cause.c_str(), faults.total, how);
    FixedString<256> text;
    text.append_format(
        "PID 1 recovered from %u fault%s, the last %.3f s after the kernel's start: ", faults.total,
        faults.total == 1 ? "" : "s", in_seconds(Duration(faults.last.at)));
    text.append(cause).append("\n");
    (void)::mkdir(kRunDirectory, 0755);
    const auto file = open_file(kRecoveredFile, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (!file || !write_all(file->get(), text)) {
        log.warning("%s: %s", kRecoveredFile, errno_text(errno));
    }
}

/// Takes descriptors by number, each once.
class Claims {
  public:
    /// @returns none for a number that is not open, or somebody else's already
    UniqueFd take(int fd) noexcept {
        const bool is_taken = std::find(taken_.begin(), taken_.end(), fd) != taken_.end();
        if (fd <= 2 || is_taken || ::fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || !taken_.push_back(fd)) {
            return {};
        }
        return UniqueFd(fd);
    }
    /// One that has an owner.
    void note(int fd) noexcept { (void)taken_.push_back(fd); }

  private:
    FixedVector<int, 16> taken_;
};

Continuation take_over(const PriorImage& image, const ReadBlock& read, Start start,
                       Claims& claims) noexcept {
    const KeptDescriptors& kept = read.block.kept.descriptors;
    Continuation continuation{image, read, start, Recovery::Resume, false, {}, {}, {}, {}, {}, {}};
    continuation.program = claims.take(kept.program);
    continuation.previous = claims.take(kept.previous);
    continuation.proc = claims.take(kept.proc);
    continuation.watchdog = claims.take(kept.watchdog);
    continuation.keeper = claims.take(kept.keeper);
    continuation.initctl = claims.take(kept.initctl);
    if (start == Start::Recovering) {
        continuation.recovery = judge(image.faults(), monotonic_now());
        if (continuation.previous.valid()) {
            // The new program failed before it had proved its worth: this is the one before it.
            continuation.program = std::move(continuation.previous);
            continuation.has_fallen_back = true;
        }
    }
    return continuation;
}

/// What a program that boots takes from the kernel, this one takes from the block.
MachineOptions settings_of(const ReadBlock& read, Pid1& pid1) noexcept {
    const Pid1Block& block = read.block;
    if (block.nofile_hard != 0) {
        pid1.limits.adopt({block.nofile_soft, block.nofile_hard});
    } else {
        pid1.limits.take_and_raise();
    }
    set_base_variables();
    MachineOptions options;
    options.inittab = pid1.options.inittab;
    options.style = pid1.options.style;
    options.in_container = block.kept.in_container != 0;
    if (options.in_container) {
        options.started = boottime_now();  // when the container began is not known any more
    }
    if (block.shutdown_timeout > 0) {
        options.shutdown_timeout = Duration(block.shutdown_timeout);
    }
    return options;
}

void tell_of_start(const Continuation& continuation, Log& log) noexcept {
    if (continuation.start == Start::Upgraded) {
        log.notice("upgraded: Mainstay %s (%s) goes on", kVersion, kCommit);
    }
    if (continuation.has_fallen_back) {
        log.error(
            "the new program failed before its first turn; the one before it goes on: %s (%s)",
            kVersion, kCommit);
    }
    if (continuation.read.trust == Trust::Nothing) {
        log.error("the state is damaged: neither processes nor descriptors are known");
    } else if (continuation.read.trust == Trust::KeptOnly) {
        log.warning(
            "the state is of version %u, this program reads %u: going on with processes "
            "and descriptors only",
            unsigned{continuation.read.version}, unsigned{kBlockVersion});
    }
}

}  // namespace

void deal_with_faults(Pid1& pid1, Recovery recovery, SignalSource& signals, Role role) noexcept {
    tell_of_fault(pid1.memory.faults(), recovery, pid1.log);
    if (recovery == Recovery::Emergency) {
        wait_in_emergency(pid1, signals, role);
    }
}

int resume(int argc, char** argv, const StartWord& word) noexcept {
    auto memory = StateMemory::create();
    auto image = PriorImage::open(word.state_fd);
    if (!memory || !image) {
        // The word came from elsewhere, such as the kernel's command line.
        return begin(argc, argv, memory ? std::move(*memory) : StateMemory(), nullptr);
    }
    // Executed by descriptor, it would be called by that.
    (void)::prctl(PR_SET_NAME, "init");
    const ReadBlock read = read_block(image->bytes());
    const FaultRecord faults = image->faults();
    memory->faults() = faults;
    if (read.trust == Trust::NeverWritten) {
        set_recovery(memory->fd(), -1);
        return begin(argc, argv, std::move(*memory), &faults);
    }
    Pid1 pid1{parse_boot_options(argc, argv), std::move(*memory), {}, {}};
    Claims claims;
    claims.note(word.state_fd);
    claims.note(pid1.memory.fd());
    Continuation continuation = take_over(*image, read, word.start, claims);
    const KeptDescriptors& kept = read.block.kept.descriptors;
    pid1.log.adopt(claims.take(kept.kernel_log), claims.take(kept.console));
    tell_of_start(continuation, pid1.log);
    const MachineOptions options = settings_of(read, pid1);
    return run_machine(pid1, options, [&](Machine& machine, SignalSource& signals) {
        if (word.start == Start::Recovering) {
            deal_with_faults(pid1, continuation.recovery, signals,
                             options.in_container ? Role::Container : Role::Machine);
        }
        machine.resume(std::move(continuation));
        *image = PriorImage();
        close_unclaimed();
    });
}

}  // namespace mainstay::init
