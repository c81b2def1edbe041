#include "supervisor/way_back.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string_view>
#include <utility>

namespace mainstay::supervisor {
namespace {

/// PID 1 may take 30 s to answer; who has not taken over by then never will.
constexpr unsigned kLongestStart = 60;
constexpr std::array kFaults = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS, SIGALRM};

/// What the handler needs, prepared beforehand.
struct WayBack {
    pid_t owner = 0;
    int program = -1;
    /// The boot link and the control socket: their numbers, and copies, as they may be closed by
    /// then.
    struct Kept {
        int number = -1;
        int copy = -1;
    };
    std::array<Kept, 2> kept;
    char** argv = nullptr;
    std::vector<char*> environment;
    std::string note;
};
WayBack way_back;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): for the handler

void execute_former(int reason) noexcept {
    if (way_back.program < 0) {
        return;
    }
    constexpr int kTen = 10;
    way_back.note[way_back.note.size() - 2] = static_cast<char>('0' + reason / kTen);
    way_back.note[way_back.note.size() - 1] = static_cast<char>('0' + reason % kTen);
    // A connection that was accepted a moment ago would be held open for ever, and never answered.
    ::syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    for (const WayBack::Kept& kept : way_back.kept) {
        if (kept.copy >= 0) {
            ::dup2(kept.copy, kept.number);  // which an exec does not close
        } else if (kept.number >= 0) {
            ::fcntl(kept.number, F_SETFD, 0);  // it had no copy yet: nobody has closed it either
        }
    }
    ::alarm(0);
    ::syscall(SYS_execveat, way_back.program, "", way_back.argv, way_back.environment.data(),
              AT_EMPTY_PATH);
}

/// A fault in a child before its exec is the child's alone.
void on_fault(int signal) {
    if (::getpid() == way_back.owner) {
        execute_former(signal);
    }
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    ::sigaction(signal, &action, nullptr);
    ::raise(signal);
}

void handle_faults(void (*handler)(int)) noexcept {
    // A stack that is full is one of the faults.
    static std::array<char, std::size_t{64} * 1024> own_stack;
    stack_t stack{};
    stack.ss_sp = own_stack.data();
    stack.ss_size = own_stack.size();
    ::sigaltstack(&stack, nullptr);
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_ONSTACK | SA_NODEFER;
    for (const int signal : kFaults) {
        ::sigaction(signal, &action, nullptr);
    }
}

}  // namespace

void keep_way_back(const UpgradeNote& note, int link, char** argv) {
    if (note.program < 0) {
        return;
    }
    way_back.owner = ::getpid();
    way_back.program = note.program;
    way_back.argv = argv;
    way_back.note = std::string(kUpgradeVariable) + "=" + encode_way_back(note);
    way_back.environment.clear();
    const std::string_view mark =
        std::string_view(way_back.note).substr(0, sizeof kUpgradeVariable);
    for (char** entry = environ; *entry != nullptr; ++entry) {
        if (std::string_view(*entry).substr(0, mark.size()) != mark) {
            way_back.environment.push_back(*entry);
        }
    }
    way_back.environment.push_back(way_back.note.data());
    way_back.environment.push_back(nullptr);
    const std::array numbers = {link, note.control};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        way_back.kept[i].number = numbers[i];
    }
    handle_faults(on_fault);
    ::alarm(kLongestStart);
    for (WayBack::Kept& kept : way_back.kept) {
        if (kept.number >= 0 && kept.copy < 0) {
            kept.copy = ::fcntl(kept.number, F_DUPFD_CLOEXEC, 3);
        }
    }
}

void forget_way_back() noexcept {
    if (way_back.program < 0) {
        return;
    }
    ::alarm(0);
    handle_faults(SIG_DFL);
    ::close(std::exchange(way_back.program, -1));
    for (WayBack::Kept& kept : way_back.kept) {
        if (kept.copy >= 0) {
            ::close(std::exchange(kept.copy, -1));
        }
    }
}

void go_back() noexcept {
    execute_former(0);
}

}  // namespace mainstay::supervisor
