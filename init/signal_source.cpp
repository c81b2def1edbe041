#include "init/signal_source.h"

#include <unistd.h>

#include <array>
#include <csignal>

#include "common/fd_io.h"

namespace mainstay::init {
namespace {

FixedString<96> describe_sender(const signalfd_siginfo& info) noexcept {
    if (info.ssi_code == SI_KERNEL) {
        return std::string_view("the kernel");
    }
    if (info.ssi_pid == 0) {
        return std::string_view("outside of this pid namespace");
    }
    FixedString<96> text;
    FixedString<64> path;
    path.append_format("/proc/%u/comm", info.ssi_pid);
    std::array<char, 32> buffer;
    const auto comm = read_file(path.c_str(), buffer);
    std::string_view name = comm ? *comm : std::string_view("gone");
    name = name.substr(0, name.find('\n'));
    text.append_format("pid %u (uid %u, ", info.ssi_pid, info.ssi_uid);
    text.append(name).append(")");
    return text;
}

}  // namespace

Result<void> SignalSource::open() noexcept {
    sigset_t all;
    ::sigfillset(&all);
    fd_.reset(::signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!fd_.valid()) {
        return last_error("signalfd");
    }
    return {};
}

std::optional<ReceivedSignal> SignalSource::next() noexcept {
    signalfd_siginfo info{};
    if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) {
        return std::nullopt;
    }
    ReceivedSignal received;
    received.number = static_cast<int>(info.ssi_signo);
    received.from_kernel = info.ssi_code == SI_KERNEL;
    if (info.ssi_code == SI_QUEUE) {
        received.value = info.ssi_int;
    }
    if (received.number != SIGCHLD) {
        received.sender = describe_sender(info);
    }
    return received;
}

}  // namespace mainstay::init
