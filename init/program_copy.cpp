#include "init/program_copy.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "common/fd_io.h"
#include "common/program_memory.h"
#include "init/self_test.h"

namespace mainstay::init {
namespace {

constexpr Duration kLimit = std::chrono::seconds(30);

/// The child says itself what failed before the exec, as only it knows; not what follows from it.
constexpr int kExitSaid = 100;

[[noreturn]] void give_up(const char* path, const Error& error, Log& log) noexcept {
    log.error("%s: %s: %s", path, error.action, errno_text(error.code));
    ::_exit(kExitSaid);
}

[[noreturn]] void test_copy(const char* path, int memory, int answer, Log& log) noexcept {
    const auto file = open_file(path, O_RDONLY | O_NONBLOCK);
    if (!file) {
        give_up(path, file.error(), log);
    }
    if (const auto copied = copy_program(file->get(), memory); !copied) {
        give_up(path, copied.error(), log);
    }
    (void)::dup2(answer, STDOUT_FILENO);
    const char* const argv[] = {path, kSelfTestWord, nullptr};
    ::syscall(SYS_execveat, memory, "", argv, environ, AT_EMPTY_PATH);
    give_up(path, last_error("exec"), log);
}

}  // namespace

Result<void> ProgramUpgrade::start(const char* path, Log& log, const BirthLimits& limits) noexcept {
    TRY(UniqueFd memory, make_program_memory("init"));
    TRY(Pipe pipe, make_pipe(O_NONBLOCK));
    TRY(const pid_t pid, fork_child(limits));
    if (pid == 0) {
        test_copy(path, memory.get(), pipe.write_end.get(), log);
    }
    pid_ = pid;
    deadline_ = monotonic_now() + kLimit;
    memory_ = std::move(memory);
    answer_ = std::move(pipe.read_end);
    return {};
}

void ProgramUpgrade::kill_child() noexcept {
    ::kill(pid_, SIGKILL);
    deadline_ = MonotonicTime::max();
}

UniqueFd ProgramUpgrade::finish(const ExitStatus& status, const char* path, Log& log) noexcept {
    const UniqueFd answer = std::move(answer_);
    UniqueFd memory = std::move(memory_);
    pid_ = 0;
    std::array<char, 128> buffer;
    const ssize_t size = ::read(answer.get(), buffer.data(), buffer.size());
    const std::string_view said(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    const bool is_ours = said.substr(0, kSelfTestAnswer.size()) == kSelfTestAnswer;
    if (status.is_success() && is_ours && is_whole_program(memory.get())) {
        return memory;
    }
    const bool has_said = status.kind == ExitStatus::Kind::Exited && status.value == kExitSaid;
    log.error("%s: %s; going on with the old program", path,
              status.is_success() ? "this is no init of Mainstay"
              : has_said          ? "it cannot be executed"
                                  : "it fails its self-test");
    if (!status.is_success() && !has_said) {
        log.error("%s --self-test: %s", path, to_text(status).c_str());
    }
    return {};
}

}  // namespace mainstay::init
