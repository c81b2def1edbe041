#include "supervisor/upgrade.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <csignal>
#include <vector>

#include "common/exit_status.h"
#include "common/fd_io.h"
#include "common/program_memory.h"
#include "common/signals.h"
#include "common/version.h"
#include "supervisor/self_test.h"
#include "supervisor/way_back.h"

namespace mainstay::supervisor {
namespace {

constexpr Duration kLongestTest = std::chrono::seconds(30);
/// For what is on its way; then clients are let down rather than the upgrade, which PID 1 cannot
/// be: what it does not have it could not hand over.
constexpr Duration kLongestWait = std::chrono::seconds(2);
constexpr Duration kPause = std::chrono::milliseconds(5);
constexpr int kExitSaid = 100;
/// What the child says begins so where it is no answer of the program's.
constexpr char kReason = '!';

std::string own_version() {
    return std::string(kVersion) + " (" + kCommit + ")";
}

[[noreturn]] void give_up(int answer, const Error& error) noexcept {
    std::array<char, 256> text{};
    const int size = std::snprintf(text.data(), text.size(), "%c%s: %s", kReason, error.action,
                                   errno_text(error.code));
    static_cast<void>(
        write_all(answer, {text.data(), static_cast<std::size_t>(std::max(size, 0))}));
    ::_exit(kExitSaid);
}

/// In the child; as we have one thread, all of libc may be used.
[[noreturn]] void test_copy(const char* path, int memory, int answer) noexcept {
    ::setsid();
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    const auto file = open_file(path, O_RDONLY | O_NONBLOCK);
    if (!file) {
        give_up(answer, file.error());
    }
    if (const auto copied = copy_program(file->get(), memory); !copied) {
        give_up(answer, copied.error());
    }
    ::dup2(answer, STDOUT_FILENO);
    ::syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    const char* const argv[] = {path, kSelfTestWord, nullptr};
    ::syscall(SYS_execveat, memory, "", argv, environ, AT_EMPTY_PATH);
    give_up(answer, last_error("exec"));
}

void survive_exec(const UpgradeNote& note, int link, int flags) noexcept {
    std::vector<int> all = note.sessions;
    all.insert(all.end(), {note.program, note.control, link});
    for (const int fd : all) {
        if (fd >= 0) {
            ::fcntl(fd, F_SETFD, flags);
        }
    }
}

std::string how_it_failed(int signal) {
    if (signal == 0) {
        return "it ended";
    }
    if (signal == SIGALRM) {
        return "it took too long";
    }
    return "it was killed by " + std::string(signal_name(signal));
}

}  // namespace

std::string program_path(const char* argv0) {
    std::array<char, PATH_MAX> buffer;
    const ssize_t size =
        argv0[0] == '/' ? 0 : ::readlink("/proc/self/exe", buffer.data(), buffer.size());
    return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : argv0;
}

Upgrade::Upgrade(Loop& loop, Journal& journal, char** argv, int link, Surroundings surroundings)
    : loop_(loop), journal_(journal), argv_(argv), link_(link), os_(std::move(surroundings)) {}

Upgrade::~Upgrade() {
    loop_.cancel(timer_);
}

void Upgrade::set(UpgradeState::Stage stage, std::string why) {
    state_ = {stage, std::move(why)};
    os_.changed();
}

void Upgrade::fail(const std::string& why) {
    loop_.cancel(std::exchange(timer_, kNoTimer));
    program_.reset();
    const std::string sentence =
        std::string(argv_[0]) + ": " + why + "; " + own_version() + " goes on";
    journal_.error("upgrade: " + sentence);
    set(UpgradeState::Stage::Failed, sentence);
}

void Upgrade::fail(const Error& error) {
    fail(std::string(error.action) + ": " + errno_text(error.code));
}

void Upgrade::tell_of(const UpgradeNote& note) {
    if (note.failed) {
        fail("the new program failed before it had taken over: " + how_it_failed(*note.failed));
    } else {
        set(UpgradeState::Stage::Proving);
    }
}

void Upgrade::confirm() {
    if (state_.stage == UpgradeState::Stage::Proving) {
        forget_way_back();
        journal_.info("upgraded: supervisor " + own_version() + " goes on");
        set(UpgradeState::Stage::Done);
    }
}

// --- the test ---------------------------------------------------------------------------------

void Upgrade::begin() {
    using Stage = UpgradeState::Stage;
    if (state_.stage == Stage::Testing || state_.stage == Stage::Proving) {
        return;
    }
    if (const std::string obstacle = os_.obstacle(); !obstacle.empty()) {
        return fail(obstacle);
    }
    journal_.info(std::string("upgrade: testing ") + argv_[0]);
    set(Stage::Testing);
    if (const auto started = start_test(); !started) {
        fail(started.error());
    }
}

Result<void> Upgrade::start_test() {
    TRY(program_, make_program_memory("supervisor"));
    TRY(Pipe pipe, make_pipe(O_NONBLOCK));
    const pid_t pid = ::fork();
    if (pid < 0) {
        return last_error("fork");
    }
    if (pid == 0) {
        test_copy(argv_[0], program_.get(), pipe.write_end.get());
    }
    // Nobody reaps it before we are back in the loop: the number is still its own.
    pidfd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!pidfd_.valid()) {
        const Error error = last_error("pidfd_open");
        ::kill(pid, SIGKILL);
        return error;
    }
    child_ = pid;
    answer_ = std::move(pipe.read_end);
    watch_ = loop_.watch_readable(pidfd_.get(), [this] { test_ended(); });
    timer_ = loop_.call_after(kLongestTest, [this] {
        timer_ = kNoTimer;
        ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
    });
    return {};
}

/// Whoever reaps children may have been quicker: then the answer alone says whether it works.
void Upgrade::test_ended() {
    watch_.reset();
    pidfd_.reset();
    const bool has_hung = timer_ == kNoTimer;
    loop_.cancel(std::exchange(timer_, kNoTimer));
    int status = 0;
    const bool is_known = ::waitpid(child_, &status, WNOHANG) == child_;
    std::array<char, 256> buffer;
    const ssize_t size = ::read(answer_.get(), buffer.data(), buffer.size());
    answer_.reset();
    const std::string_view said(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    if (said.starts_with(kSelfTestAnswer) && is_whole_program(program_.get()) &&
        (!is_known || status == 0)) {
        return execute_when_quiet(loop_.now());
    }
    if (has_hung) {
        return fail("its self-test hangs");
    }
    if (!said.empty() && said.front() == kReason) {
        return fail("it cannot be executed: " + std::string(said.substr(1)));
    }
    if (is_known && status == 0) {
        return fail("this is no supervisor of Mainstay, or one that cannot be upgraded to");
    }
    std::string why = "it fails its self-test";
    if (is_known) {
        why += ": " + std::string(to_text(ExitStatus::from_wait(status)).view());
    }
    fail(why);
}

// --- the exec ---------------------------------------------------------------------------------

void Upgrade::execute_when_quiet(MonotonicTime since) {
    timer_ = kNoTimer;
    if (const std::string obstacle = os_.obstacle(); !obstacle.empty()) {
        return fail(obstacle);
    }
    const bool is_late = loop_.now() - since > kLongestWait;
    if (os_.is_handed_over() && (os_.is_quiet() || is_late)) {
        return execute();
    }
    if (is_late) {
        return fail("PID 1 does not take what it has to keep");
    }
    timer_ = loop_.call_after(kPause, [this, since] { execute_when_quiet(since); });
}

void Upgrade::execute() {
    auto own = open_file("/proc/self/exe", O_RDONLY);
    if (!own) {
        return fail(own.error());
    }
    UpgradeNote note = os_.note();
    note.program = own->get();
    const std::string word = std::string(kUpgradeVariable) + "=" + encode(note);
    std::vector<char*> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        environment.push_back(*entry);
    }
    environment.push_back(const_cast<char*>(word.c_str()));
    environment.push_back(nullptr);
    // Asio accepts without close-on-exec, and tells us later: who was not greeted yet asks again.
    ::syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    survive_exec(note, link_, 0);
    ::syscall(SYS_execveat, program_.get(), "", argv_, environment.data(), AT_EMPTY_PATH);
    const Error error = last_error("exec");
    survive_exec(note, link_, FD_CLOEXEC);
    fail(error);
}

}  // namespace mainstay::supervisor
