#include "supervisor/spawn.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "common/fd_io.h"
#include "supervisor/raw_syscall.h"

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kGuardSize = 4096;
constexpr std::size_t kStackSize = 32768;  // sanitizers take most of it; child_exec needs 1 KiB

/// Memory for a child's stack with a page below it that faults.
class Stack {
  public:
    static Result<Stack> make() {
        void* memory = ::mmap(nullptr, kGuardSize + kStackSize, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
        if (memory == MAP_FAILED) {
            return last_error("mmap");
        }
        ::mprotect(memory, kGuardSize, PROT_NONE);
        return Stack(memory);
    }

    Stack() noexcept = default;
    Stack(Stack&& other) noexcept : memory_(std::exchange(other.memory_, nullptr)) {}
    Stack& operator=(Stack&& other) noexcept {
        std::swap(memory_, other.memory_);
        return *this;
    }
    Stack(const Stack&) = delete;
    Stack& operator=(const Stack&) = delete;
    ~Stack() {
        if (memory_ != nullptr) {
            ::munmap(memory_, kGuardSize + kStackSize);
        }
    }

    char* bottom() const noexcept { return static_cast<char*>(memory_) + kGuardSize; }

  private:
    explicit Stack(void* memory) noexcept : memory_(memory) {}
    void* memory_ = nullptr;
};

/// Every signal blocked for as long as it lives: the child starts with none to come.
class SignalsBlocked {
  public:
    SignalsBlocked() noexcept {
        sigset_t all;
        ::sigfillset(&all);
        ::sigprocmask(SIG_BLOCK, &all, &before_);
    }
    ~SignalsBlocked() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  private:
    sigset_t before_{};
};

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
    std::vector<char*> pointers;
    pointers.reserve(strings.size() + 1);
    for (std::string& text : strings) {
        pointers.push_back(text.data());
    }
    pointers.push_back(nullptr);
    return pointers;
}

/// @returns the child's pid, or -errno
long clone_on_stack(const Stack& stack, const ChildPlan& plan, int* pidfd) noexcept {
#if defined(__x86_64__)
    clone_args args{};
    args.flags = CLONE_VM | CLONE_PIDFD | CLONE_CLEAR_SIGHAND;
    args.pidfd = reinterpret_cast<std::uintptr_t>(pidfd);
    args.exit_signal = SIGCHLD;
    args.stack = reinterpret_cast<std::uintptr_t>(stack.bottom());
    args.stack_size = kStackSize;
    long result = SYS_clone3;
    register void (*entry)(const ChildPlan*) asm("r8") = child_exec;
    register const ChildPlan* argument asm("r9") = &plan;
    // The child comes back from the call on its own, empty stack: it must not return from here.
    asm volatile(
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xor %%ebp, %%ebp\n\t"
        "mov %%r9, %%rdi\n\t"
        "call *%%r8\n\t"
        "ud2\n"
        "1:"
        : "+a"(result)
        : "D"(&args), "S"(sizeof args), "r"(entry), "r"(argument)
        : "rcx", "r11", "memory");
    return result;
#else
    static_cast<void>(stack);
    static_cast<void>(plan);
    static_cast<void>(pidfd);
    return -ENOSYS;
#endif
}

void reset_signal_handlers() noexcept {
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) {
        ::sigaction(number, &action, nullptr);
    }
}

/// @returns the child's pid, or -errno
long fork_child(const ChildPlan& plan, int* pidfd) noexcept {
    const pid_t pid = ::fork();
    if (pid == 0) {
        reset_signal_handlers();
        child_exec(&plan);
    }
    if (pid < 0) {
        return -errno;
    }
    // -1 where the kernel has none: signals then go by pid, which is as safe for an unreaped child.
    *pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    return pid;
}

/// The child needs its low numbers for itself.
constexpr int kFirstFreeInChild = 4;

/// Where the child tells why its exec failed. The parent's end does not block.
Result<Pipe> make_report_pipe() {
    TRY(Pipe report, make_pipe());
    if (::fcntl(report.read_end.get(), F_SETFL, O_NONBLOCK) < 0) {
        return last_error("fcntl");
    }
    if (report.write_end.get() < kFirstFreeInChild) {
        report.write_end =
            UniqueFd(::fcntl(report.write_end.get(), F_DUPFD_CLOEXEC, kFirstFreeInChild));
        if (!report.write_end.valid()) {
            return last_error("fcntl");
        }
    }
    return report;
}

bool is_refusal(long result) noexcept {
    return result == -ENOSYS || result == -EPERM;
}

}  // namespace

struct Birth::Memory {
    SpawnPlan plan;
    std::vector<char*> arguments;
    ChildPlan child{};
    Stack stack;
};

Birth::Birth() noexcept = default;
Birth::Birth(std::unique_ptr<Memory> memory) noexcept : memory_(std::move(memory)) {}
Birth::Birth(Birth&&) noexcept = default;
Birth& Birth::operator=(Birth&&) noexcept = default;
Birth::~Birth() = default;

void Birth::complete() noexcept {
    report.reset();
    memory_.reset();
}

Spawner::Spawner(SpawnContext context, UniqueFd null, SpawnMethod method)
    : context_(std::move(context)),
      environment_(pointers_to(context_.environment)),
      null_(std::move(null)),
      own_pid_(::getpid()),
      clone_refused_(!kHasRawClone || method == SpawnMethod::Fork) {}

Spawner::~Spawner() = default;

Result<Birth> Spawner::spawn(const SpawnPlan& plan) {
    auto memory = std::make_unique<Birth::Memory>();
    TRY(memory->stack, Stack::make());
    TRY(Pipe report, make_report_pipe());
    memory->plan = plan;
    memory->arguments = pointers_to(memory->plan.arguments);
    memory->child = {
        memory->plan.program.c_str(),
        memory->arguments.data(),
        environment_.data(),
        memory->plan.directory.c_str(),
        plan.input >= 0 ? plan.input : null_.get(),
        plan.output >= 0 ? plan.output : null_.get(),
        report.write_end.get(),
        own_pid_,
        context_.oom_score ? context_.oom_score->c_str() : nullptr,
        static_cast<std::uint32_t>(context_.oom_score ? context_.oom_score->size() : 0),
        context_.descriptor_limit ? &*context_.descriptor_limit : nullptr};
    int pidfd = -1;
    long pid = -ENOSYS;
    {
        const SignalsBlocked blocked;
        if (!clone_refused_) {
            pid = clone_on_stack(memory->stack, memory->child, &pidfd);
            clone_refused_ = is_refusal(pid);
        }
        if (clone_refused_) {
            pid = fork_child(memory->child, &pidfd);
        }
    }
    if (pid < 0) {
        return Error{clone_refused_ ? "fork" : "clone", static_cast<int>(-pid)};
    }
    Birth birth(std::move(memory));
    birth.pid = static_cast<pid_t>(pid);
    birth.pidfd = UniqueFd(pidfd);
    birth.report = std::move(report.read_end);
    return birth;
}

}  // namespace mainstay::supervisor
