#include "supervisor/spawn.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include "common/fd_io.h"
#include "supervisor/descriptor_reserve.h"
#include "supervisor/raw_syscall.h"

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kSpareMemories = 16;
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

/// @returns the child's pid, or -errno
/// @param pid the kernel writes it here before the child's first instruction
/// @param cgroup directory of the cgroup that the child is born in; -1: ours
long clone_on_stack(const Stack& stack, const ChildPlan& plan, int cgroup, pid_t* pid,
                    int* pidfd) noexcept {
#if defined(__x86_64__)
    clone_args args{};
    args.flags = CLONE_VM | CLONE_PIDFD | CLONE_PARENT_SETTID | CLONE_CLEAR_SIGHAND;
    args.parent_tid = reinterpret_cast<std::uintptr_t>(pid);
    args.pidfd = reinterpret_cast<std::uintptr_t>(pidfd);
    if (cgroup >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = static_cast<std::uint64_t>(cgroup);
    }
    if (plan.table.is_left != nullptr) {
        args.flags |= CLONE_FILES;
    }
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
    static_cast<void>(cgroup);
    static_cast<void>(pid);
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
long fork_child(const ChildPlan& plan, pid_t* word, int* pidfd) noexcept {
    const pid_t pid = ::fork();
    if (pid == 0) {
        *word = ::getpid();  // into memory that is shared, where somebody is to know it
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

/// Where the child tells why its exec failed. Neither end blocks: what it has to say fits. It is
/// the first that is opened for a start, so the pidfd, which stays, is as far from the limit.
Result<Pipe> make_report_pipe() {
    TRY(Pipe report, make_pipe(O_NONBLOCK));
    if (is_in_reserve(report.read_end.get())) {
        return Error{"spawn", EMFILE};
    }
    return report;
}

bool is_refusal(long result) noexcept {
    return result == -ENOSYS || result == -EPERM;
}

}  // namespace

struct Birth::Memory {
    PreparedChild prepared;
    Stack stack;
    pid_t pid = 0;
    int block = DescriptorWindow::kNoBlock;  ///< of the window
    std::atomic<bool> is_left = false;       ///< the child needs the block no more
};

Birth::Birth() noexcept = default;
Birth::Birth(Spawner& spawner, std::unique_ptr<Memory> memory) noexcept
    : spawner_(&spawner), memory_(std::move(memory)) {}
Birth::Birth(Birth&&) noexcept = default;
Birth::~Birth() {
    complete();
}

Birth& Birth::operator=(Birth&& other) noexcept {
    complete();
    pid = other.pid;
    pidfd = std::move(other.pidfd);
    report = std::move(other.report);
    spawner_ = other.spawner_;
    memory_ = std::move(other.memory_);
    return *this;
}

Birth::Outcome Birth::look(ExecReport& report_read) noexcept {
    for (;;) {
        const ssize_t count = ::read(report.get(), &report_read, sizeof report_read);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
            return Outcome::Open;
        }
        if (count != static_cast<ssize_t>(sizeof report_read)) {
            return Outcome::Executed;
        }
        if (report_read.stage != ExecStage::OwnTable || report_read.code != 0) {
            return Outcome::Failed;
        }
        // Only now can the pipe end: we held it open for the child.
        give_back_descriptors();
    }
}

void Birth::give_back_descriptors() noexcept {
    if (memory_) {
        spawner_->leave_window(*memory_);
    }
}

ExecFault Birth::fault_of(const ExecReport& report_read) const {
    return memory_ ? memory_->prepared.fault_of(report_read)
                   : ExecFault{to_string(report_read.stage), "", report_read.code, ""};
}

void Birth::complete() noexcept {
    report.reset();
    if (memory_) {
        spawner_->give_back(std::move(memory_));
    }
}

Spawner::Spawner(SpawnContext context, UniqueFd null, SpawnMethod method, UserFiles users)
    : context_(std::move(context)),
      environment_(pointers_to(context_.environment)),
      null_(std::move(null)),
      window_(null_.get()),
      users_(std::move(users)),
      oom_(context_.oom_score),
      own_pid_(::getpid()),
      clone_refused_(!kHasRawClone || method == SpawnMethod::Fork) {
    spare_.reserve(kSpareMemories);
}

Spawner::~Spawner() = default;

Result<std::unique_ptr<Birth::Memory>, ExecFault> Spawner::take_memory() {
    if (!spare_.empty()) {
        auto memory = std::move(spare_.back());
        spare_.pop_back();
        return memory;
    }
    auto memory = std::make_unique<Birth::Memory>();
    auto stack = Stack::make();
    if (!stack) {
        return descriptor_fault(stack.error());
    }
    memory->stack = std::move(*stack);
    return memory;
}

void Spawner::give_back(std::unique_ptr<Birth::Memory> memory) noexcept {
    leave_window(*memory);
    if (memory->pid != 0) {
        oom_.birth_ended();
        memory->pid = 0;
    }
    if (spare_.size() < kSpareMemories) {
        spare_.push_back(std::move(memory));  // reserved: does not allocate
    }
}

void Spawner::use_window(Birth::Memory& memory) noexcept {
    for (std::size_t i = sharing_.size(); i-- > 0;) {
        if (sharing_[i]->is_left.load(std::memory_order_acquire)) {
            leave_window(*sharing_[i]);
        }
    }
    memory.block = memory.prepared.use_window(window_, memory.is_left);
    if (memory.block != DescriptorWindow::kNoBlock) {
        sharing_.push_back(&memory);
    }
}

/// Once the child has left our table, or there is none.
void Spawner::leave_window(Birth::Memory& memory) noexcept {
    if (memory.block != DescriptorWindow::kNoBlock) {
        window_.give_back(std::exchange(memory.block, DescriptorWindow::kNoBlock));
        std::erase(sharing_, &memory);
    }
}

/// @returns the child's pid, or -errno
long Spawner::make_process(Birth::Memory& memory, int* pidfd) noexcept {
    PreparedChild& prepared = memory.prepared;
    prepared.copy_table(window_);
    if (!clone_refused_ && !prepared.needs_own_memory()) {
        use_window(memory);
    }
    const long pid = clone_or_fork(memory, pidfd);
    if (pid < 0 || prepared.child.table.is_left == nullptr) {
        leave_window(memory);  // it has a copy
    }
    return pid;
}

/// @returns the child's pid, or -errno
long Spawner::clone_or_fork(Birth::Memory& memory, int* pidfd) noexcept {
    const SignalsBlocked blocked;
    PreparedChild& prepared = memory.prepared;
    pid_t* const known = prepared.plan().pid_word;
    pid_t* const word = known != nullptr ? known : &memory.pid;
    if (!clone_refused_ && !prepared.needs_own_memory()) {
        int cgroup = prepared.plan().cgroup;
        long pid = clone_on_stack(memory.stack, prepared.child, cgroup, word, pidfd);
        if (pid < 0 && cgroup >= 0) {
            // Before Linux 5.7, or a cgroup that takes nobody: the child tries by itself.
            prepared.enter_cgroup_late();
            prepared.copy_table();
            cgroup = -1;
            pid = clone_on_stack(memory.stack, prepared.child, cgroup, word, pidfd);
        }
        clone_refused_ = is_refusal(pid);
        if (!clone_refused_) {
            memory.pid = static_cast<pid_t>(std::max(pid, 0L));
            return pid;
        }
    }
    prepared.enter_cgroup_late();
    prepared.copy_table();
    const long pid = fork_child(prepared.child, word, pidfd);
    memory.pid = static_cast<pid_t>(std::max(pid, 0L));
    return pid;
}

/// A child that enters its cgroup itself cannot say that it did not: the same is done to it from
/// here once more, and would fail for the same reason.
void Spawner::check_cgroup(const ChildPlan& child, long pid) const {
    if (child.cgroup < 0 || !missed_) {
        return;
    }
    const UniqueFd file(::openat(child.cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC));
    const auto entered = file.valid() ? write_all(file.get(), std::to_string(pid))
                                      : Result<void>(last_error("open"));
    if (!entered && entered.error().code != ESRCH) {
        missed_(entered.error().code);
    }
}

Result<Birth, ExecFault> Spawner::spawn(const SpawnPlan& plan) {
    TRY(auto memory, take_memory());
    const PreparedChild::Tools tools{context_, environment_, users_, null_.get()};
    if (auto prepared = memory->prepared.prepare(plan, tools); !prepared) {
        give_back(std::move(memory));
        return prepared.error();
    }
    auto report = make_report_pipe();
    if (!report) {
        give_back(std::move(memory));
        return descriptor_fault(report.error());
    }
    memory->prepared.child.report = report->write_end.get();
    memory->prepared.child.parent = plan.pid_word == nullptr ? own_pid_ : kMayOutliveParent;
    oom_.birth_begins();
    int pidfd = -1;
    const long pid = make_process(*memory, &pidfd);
    if (pid < 0) {
        oom_.birth_ended();
        memory->pid = 0;
        give_back(std::move(memory));
        return ExecFault{clone_refused_ ? "fork" : "clone", "", static_cast<int>(-pid), ""};
    }
    check_cgroup(memory->prepared.child, pid);
    Birth birth(*this, std::move(memory));
    birth.pid = static_cast<pid_t>(pid);
    birth.pidfd = UniqueFd(pidfd);
    birth.report = std::move(report->read_end);
    return birth;
}

}  // namespace mainstay::supervisor
