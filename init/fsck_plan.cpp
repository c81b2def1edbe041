#include "init/fsck_plan.h"

namespace mainstay::init {
namespace {

// fsck(8): the exit code is the sum of these.
constexpr unsigned kCorrected = 1;
constexpr unsigned kRebootNeeded = 2;
constexpr unsigned kLeftUncorrected = 4;

bool is_ext(std::string_view type) noexcept {
    return type == "ext2" || type == "ext3" || type == "ext4";
}

const char* repair_option(FsckRepair repair) noexcept {
    switch (repair) {
        case FsckRepair::Preen:
            break;
        case FsckRepair::All:
            return "-y";
        case FsckRepair::Nothing:
            return "-n";
    }
    return "-a";
}

}  // namespace

FixedVector<const char*, 4> fsck_options(std::string_view type, const FsckPolicy& policy) noexcept {
    FixedVector<const char*, 4> options;
    (void)options.push_back(repair_option(policy.repair));
    if (is_ext(type)) {
        (void)options.push_back("-C0");  // a progress bar on the standard output
        if (policy.mode == FsckMode::Force) {
            (void)options.push_back("-f");
        }
    }
    return options;
}

FsckVerdict judge_fsck(const ExitStatus& status) noexcept {
    if (status.kind != ExitStatus::Kind::Exited) {
        return FsckVerdict::Unknown;
    }
    if ((status.value & kLeftUncorrected) != 0) {
        return FsckVerdict::Damaged;
    }
    if ((status.value & kRebootNeeded) != 0) {
        return FsckVerdict::Reboot;
    }
    if (status.value == 0) {
        return FsckVerdict::Sound;
    }
    return status.value == kCorrected ? FsckVerdict::Mended : FsckVerdict::Unknown;
}

}  // namespace mainstay::init
