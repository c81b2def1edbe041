#include "init/fsck_plan.h"

#include <catch2/catch.hpp>
#include <string>

using mainstay::ExitStatus;
using mainstay::init::FsckMode;
using mainstay::init::FsckPolicy;
using mainstay::init::FsckRepair;
using mainstay::init::FsckVerdict;
using mainstay::init::judge_fsck;

namespace {

std::string options(std::string_view type, const FsckPolicy& policy) {
    std::string text;
    for (const char* option : mainstay::init::fsck_options(type, policy)) {
        text.append(text.empty() ? "" : " ").append(option);
    }
    return text;
}

FsckVerdict exit_means(std::uint8_t code) {
    return judge_fsck({ExitStatus::Kind::Exited, code, false});
}

}  // namespace

TEST_CASE("a checker is asked in words that it knows", "[fsck]") {
    CHECK(options("ext4", {}) == "-a -C0");
    CHECK(options("vfat", {}) == "-a");
    CHECK(options("ext2", {FsckMode::Force, FsckRepair::All}) == "-y -C0 -f");
    CHECK(options("vfat", {FsckMode::Force, FsckRepair::Nothing}) == "-n");
}

TEST_CASE("what the exit codes of a checker mean for the boot", "[fsck]") {
    CHECK(exit_means(0) == FsckVerdict::Sound);
    CHECK(exit_means(1) == FsckVerdict::Mended);
    CHECK(exit_means(2) == FsckVerdict::Reboot);
    CHECK(exit_means(3) == FsckVerdict::Reboot);
    CHECK(exit_means(4) == FsckVerdict::Damaged);
    CHECK(exit_means(5) == FsckVerdict::Damaged);
    CHECK(exit_means(6) == FsckVerdict::Damaged);
    CHECK(exit_means(12) == FsckVerdict::Damaged);
    CHECK(exit_means(8) == FsckVerdict::Unknown);
    CHECK(exit_means(16) == FsckVerdict::Unknown);
    CHECK(exit_means(32) == FsckVerdict::Unknown);
    CHECK(judge_fsck({ExitStatus::Kind::Signaled, 9, false}) == FsckVerdict::Unknown);
    CHECK(judge_fsck(ExitStatus::unknown()) == FsckVerdict::Unknown);
}
