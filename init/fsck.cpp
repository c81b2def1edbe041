#include "init/fsck.h"

#include <unistd.h>

#include <array>

#include "init/program_run.h"

namespace mainstay::init {

FixedString<64> find_fsck(std::string_view type) noexcept {
    constexpr std::array<std::string_view, 4> kPlaces{"/sbin/", "/usr/sbin/", "/bin/", "/usr/bin/"};
    for (const std::string_view place : kPlaces) {
        FixedString<64> path(place);
        path.append("fsck.").append(type);
        if (!type.empty() && ::access(path.c_str(), X_OK) == 0) {
            return path;
        }
    }
    return {};
}

FsckVerdict run_fsck(const char* program, const char* device, std::string_view type,
                     const FsckPolicy& policy, Log& log) noexcept {
    FixedVector<const char*, 8> argv;
    (void)argv.push_back(program);
    for (const char* option : fsck_options(type, policy)) {
        (void)argv.push_back(option);
    }
    (void)argv.push_back(device);
    (void)argv.push_back(nullptr);
    log.notice("checking %s: %s", device, program);
    const auto status = run_program(argv.data());
    if (!status) {
        log.error("%s: %s: %s; mounting %s unchecked", program, status.error().action,
                  errno_text(status.error().code), device);
        return FsckVerdict::Unknown;
    }
    const FsckVerdict verdict = judge_fsck(*status);
    if (verdict == FsckVerdict::Unknown) {
        log.error("%s %s: %s; mounting it all the same", program, device, to_text(*status).c_str());
    } else if (verdict == FsckVerdict::Mended) {
        log.warning("%s: errors were corrected", device);
    }
    return verdict;
}

}  // namespace mainstay::init
