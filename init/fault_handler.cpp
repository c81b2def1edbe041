#include "init/fault_handler.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <ctime>

#include "common/version.h"
#include "init/build_id.h"
#include "init/child.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

namespace mainstay::init {
namespace {

constexpr std::string_view kResume = "--resume=";
constexpr std::string_view kRecover = "--recover=";
constexpr std::size_t kMaxArguments = 64;  ///< of the command line; what is more is not handed on

/// Descriptors are given lowest number first: after so many numbers without one there is no more.
constexpr int kLongestGap = 1024;

/// What the handler needs, in pages that are only writable while they are changed.
struct Plan {
    int state_fd = -1;
    int program_fd = -1;
    char path[4096] = {};
    char word[64] = {};  ///< --recover=…
    char build[sizeof(FaultCause::build)] = {};
    BuildId build_id = {};
    char* argv[kMaxArguments + 3] = {};
    char** envp = nullptr;
};

Plan* plan = nullptr;
std::size_t plan_size = 0;
int missing = 0;
volatile std::sig_atomic_t fault_depth = 0;

// ---- in the handler -----------------------------------------------------------------------------

template <typename... Args>
long raw(long number, Args... args) noexcept {
    return ::syscall(number, args...);
}

std::uint64_t program_counter(const void* context) noexcept {
    const auto* machine = &static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    return static_cast<std::uint64_t>(machine->gregs[REG_RIP]);
#elif defined(__aarch64__)
    return machine->pc;
#else
    (void)machine;
    return 0;
#endif
}

std::int64_t now_on(clockid_t clock) noexcept {
    timespec time{};
    raw(SYS_clock_gettime, clock, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

void pause_for(long seconds) noexcept {
    timespec time{seconds, 0};
    raw(SYS_nanosleep, &time, nullptr);
}

/// A program that faults before it can judge how often it did would spin.
void slow_down(const FaultRecord& record, std::int64_t now) noexcept {
    const bool often = record.recent_count == FaultRecord::kRecent &&
                       now - record.recent[0] < kFaultsWithin.count();
    if (often) {
        pause_for(1);
    }
}

void note(int signal, const siginfo_t& info, const void* context) noexcept {
    FaultRecord record{};
    raw(SYS_pread64, plan->state_fd, &record, sizeof record, 0);
    FaultCause cause{};
    cause.signal = signal;
    // SI_USER and what is below it was sent; SI_KERNEL is an access to no address at all.
    if (info.si_code <= SI_USER) {
        cause.sender = info.si_pid != 0 ? info.si_pid : kUnseenSender;
    } else if (info.si_code != SI_KERNEL) {
        cause.address = reinterpret_cast<std::uint64_t>(info.si_addr);
    }
    cause.program_counter = program_counter(context);
    cause.at = now_on(CLOCK_BOOTTIME);
    std::memcpy(cause.build, plan->build, sizeof cause.build);
    cause.build_id = plan->build_id;
    const std::int64_t now = now_on(CLOCK_MONOTONIC);
    note_fault(record, cause, MonotonicTime(Duration(now)));
    raw(SYS_pwrite64, plan->state_fd, &record, sizeof record, 0);
    slow_down(record, now);
}

/// Sets or clears close-on-exec on every descriptor from 3 on.
void mark_all(int flag) noexcept {
    int gap = 0;
    for (int fd = 3; gap < kLongestGap; ++fd) {
        gap = raw(SYS_fcntl, fd, F_SETFD, flag) < 0 ? gap + 1 : 0;
    }
}

void execute_again() noexcept {
    mark_all(0);
    raw(SYS_execveat, plan->program_fd, "", plan->argv, plan->envp, AT_EMPTY_PATH);
    raw(SYS_execve, "/proc/self/exe", plan->argv, plan->envp);
    raw(SYS_execve, plan->path, plan->argv, plan->envp);
}

/// Nothing could be executed. What runs goes on running; nothing new starts, nobody is answered.
[[noreturn]] void only_reap() noexcept {
    while (true) {
        while (raw(SYS_wait4, -1, nullptr, WNOHANG, nullptr) > 0) {
        }
        raw(SYS_sync);
        pause_for(1);
    }
}

void on_fault(int signal, siginfo_t* info, void* context) noexcept {
    if (raw(SYS_getpid) != 1) {
        constexpr int kShellSignalBase = 128;
        raw(SYS_exit_group, kShellSignalBase + signal);
    }
    // A fault in here comes back to here: with less to do each time.
    fault_depth = fault_depth + 1;
    if (fault_depth == 1) {
        note(signal, *info, context);
    }
    if (fault_depth <= 2) {
        execute_again();
    }
    only_reap();
}

// ---- before -------------------------------------------------------------------------------------

void protect_plan(int protection) noexcept {
    ::mprotect(plan, plan_size, protection);
}

bool is_start_word(std::string_view word) noexcept {
    return word.substr(0, kResume.size()) == kResume || word.substr(0, kRecover.size()) == kRecover;
}

void write_word(std::span<char> word, std::string_view kind, int state_fd,
                int program_fd) noexcept {
    std::snprintf(word.data(), word.size(), "%.*s%d,%d", static_cast<int>(kind.size()), kind.data(),
                  state_fd, program_fd);
}

/// Copies @p text to @p to and moves that on.
char* copy_text(char*& to, const char* text) noexcept {
    char* const start = to;
    const std::size_t size = std::strlen(text) + 1;
    std::memcpy(to, text, size);
    to += size;
    return start;
}

struct Sizes {
    std::size_t variables = 0;
    std::size_t bytes = 0;
};

Sizes sizes_of(int argc, char** argv) noexcept {
    Sizes sizes;
    for (int i = 1; i < argc; ++i) {
        sizes.bytes += std::strlen(argv[i]) + 1;
    }
    for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
        ++sizes.variables;
        sizes.bytes += std::strlen(*variable) + 1;
    }
    return sizes;
}

/// A program is known by the path it was called by, which leads to the new one after an upgrade;
/// where that is no path, by where it lies.
void find_path(const char* argv0) noexcept {
    std::strncpy(plan->path, argv0, sizeof plan->path - 1);
    if (argv0[0] != '/') {
        std::array<char, sizeof Plan::path> own{};
        const ssize_t size = ::readlink("/proc/self/exe", own.data(), own.size() - 1);
        if (size > 0) {
            std::memcpy(plan->path, own.data(), own.size());
        }
    }
}

void fill_plan(int argc, char** argv, const Sizes& sizes) noexcept {
    find_path(argv[0]);
    std::snprintf(plan->build, sizeof plan->build, "%s (%s)", kVersion, kCommit);
    plan->build_id = own_build_id();
    plan->envp = reinterpret_cast<char**>(plan + 1);
    char* text = reinterpret_cast<char*>(plan->envp + sizes.variables + 1);
    std::size_t count = 0;
    plan->argv[count++] = plan->path;
    plan->argv[count++] = plan->word;
    for (int i = 1; i < argc && count < kMaxArguments + 2; ++i) {
        if (!is_start_word(argv[i])) {
            plan->argv[count++] = copy_text(text, argv[i]);
        }
    }
    for (std::size_t i = 0; i < sizes.variables; ++i) {
        plan->envp[i] = copy_text(text, environ[i]);
    }
}

/// An own stack, as a stack that is full is one of the faults.
void use_own_stack() noexcept {
    constexpr std::size_t kLeast = std::size_t{64} * 1024;
    stack_t stack{};
    stack.ss_size = std::max<std::size_t>(kLeast, 4 * ::getauxval(AT_MINSIGSTKSZ));
    stack.ss_sp = ::mmap(nullptr, stack.ss_size, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack.ss_sp == MAP_FAILED || ::sigaltstack(&stack, nullptr) < 0) {
        missing = errno;
    }
}

}  // namespace

StartWord read_start_word(int argc, char** argv) noexcept {
    StartWord word;
    const std::string_view text = argc > 1 ? argv[1] : "";
    if (!is_start_word(text)) {
        return word;
    }
    const char* const end = text.data() + text.size();
    const auto state = std::from_chars(text.data() + text.find('=') + 1, end, word.state_fd);
    if (state.ec != std::errc() || state.ptr == end || *state.ptr != ',') {
        return {};
    }
    std::from_chars(state.ptr + 1, end, word.program_fd);
    word.start = text[4] == 's' ? Start::Upgraded : Start::Recovering;
    return word;
}

void install_fault_handler(const StartWord& word, int argc, char** argv) noexcept {
    const Sizes sizes = sizes_of(argc, argv);
    plan_size = sizeof(Plan) + (sizes.variables + 1) * sizeof(char*) + sizes.bytes;
    void* const pages =
        ::mmap(nullptr, plan_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        missing = errno;
        return;
    }
    plan = new (pages) Plan;
    fill_plan(argc, argv, sizes);
    set_recovery(word.state_fd, word.program_fd);
    use_own_stack();
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (const int signal : kFaultSignals) {
        ::sigaction(signal, &action, nullptr);
    }
}

int missing_fault_handler() noexcept {
    return missing;
}

void set_recovery(int state_fd, int program_fd) noexcept {
    if (plan == nullptr) {
        return;
    }
    protect_plan(PROT_READ | PROT_WRITE);
    plan->state_fd = state_fd;
    plan->program_fd = program_fd;
    write_word(plan->word, kRecover, state_fd, program_fd);
    protect_plan(PROT_READ);
}

const char* program_path() noexcept {
    return plan != nullptr ? plan->path : "/proc/self/exe";
}

int execute_program(int program_fd, int state_fd, int fallback_fd) noexcept {
    if (plan == nullptr) {
        return ENOMEM;
    }
    std::array<char, sizeof Plan::word> word{};
    write_word(word, kResume, state_fd, fallback_fd);
    std::array<char*, kMaxArguments + 3> argv{};
    std::copy(std::begin(plan->argv), std::end(plan->argv), argv.begin());
    argv[1] = word.data();
    mark_all(0);
    raw(SYS_execveat, program_fd, "", argv.data(), plan->envp, AT_EMPTY_PATH);
    const int code = errno;
    mark_all(FD_CLOEXEC);
    return code;
}

void close_unclaimed() noexcept {
    int gap = 0;
    for (int fd = 3; gap < kLongestGap; ++fd) {
        const int flags = ::fcntl(fd, F_GETFD);
        gap = flags < 0 ? gap + 1 : 0;
        if (flags >= 0 && (flags & FD_CLOEXEC) == 0) {
            UniqueFd(fd).reset();
        }
    }
}

}  // namespace mainstay::init
