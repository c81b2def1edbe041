#include "tests/faults/fault_plan.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

// The library's own: the other calls that this file needs are wrapped.
extern "C" long __real_syscall(long number, ...);

namespace mainstay::faults {
namespace {

constexpr char kVariable[] = "MAINSTAY_FAULT_PLAN";
constexpr char kVariableOfSvlog[] = "MAINSTAY_SVLOG_FAULT_PLAN";

Plan* plan = nullptr;

std::uint32_t own_pid() noexcept {
    return static_cast<std::uint32_t>(::getpid());
}

/// svlog is the supervisor's program under another name; its calls are not the supervisor's, so it
/// has a plan of its own.
bool is_called_svlog(const char* argv0) noexcept {
    const std::string_view path(argv0);
    return path.substr(path.rfind('/') + 1) == "svlog";
}

/// Before main, with its arguments, as glibc hands them to constructors. What the program executes
/// must not write into its plan, so the variable goes.
[[gnu::constructor]] void map_plan(int argc, char** argv, char**) {
    if (argc < 1) {
        return;
    }
    const char* path = std::getenv(is_called_svlog(argv[0]) ? kVariableOfSvlog : kVariable);
    if (path == nullptr) {
        return;
    }
    const long fd = __real_syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    const long start =
        __real_syscall(SYS_mmap, 0, sizeof(Plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    __real_syscall(SYS_close, fd);
    if (start < 0 && start > -4096) {
        return;
    }
    plan = reinterpret_cast<Plan*>(start);
    plan->owner = own_pid();
}

bool is_counted() noexcept {
    if (plan == nullptr) {
        return false;
    }
    const bool is_owner = own_pid() == plan->owner;
    return is_owner == (plan->scope == Scope::Program);
}

/// Whether it is this call that is to fail, and none of those before it.
bool is_meant(const char* name, std::uint32_t site) noexcept {
    if (plan->armed.load() == 0 || std::strncmp(plan->name, name, kNameSize) != 0 ||
        (plan->site != 0 && plan->site != site)) {
        return false;
    }
    if (plan->skip.load() > 0) {
        plan->skip.fetch_sub(1);
        return false;
    }
    std::uint32_t still = 1;
    return plan->armed.compare_exchange_strong(still, 0);
}

}  // namespace

int next_call(const char* name, const void* site) noexcept {
    if (!is_counted()) {
        return 0;
    }
    // The programs are linked statically and lie below 4 GiB.
    const auto place = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(site));
    const std::uint32_t number = plan->count.fetch_add(1);
    const std::uint32_t error = is_meant(name, place) ? plan->error : 0;
    if (number < kMaxRecords) {
        Record& record = plan->records[number];
        std::strncpy(record.name, name, kNameSize - 1);
        record.site = place;
        record.error = error;
    }
    if (error == kCrash) {
        volatile int* volatile nowhere = nullptr;
        *nowhere = 1;
    }
    while (error == kHang) {
        __real_syscall(SYS_pause);
    }
    return static_cast<int>(error);
}

}  // namespace mainstay::faults
