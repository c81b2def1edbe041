#include "supervisor/message_log.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/fd_io.h"
#include "common/fixed.h"
#include "common/units.h"

namespace mainstay::supervisor {
namespace {

/// A record of the kernel's log has about this much room (LOG_LINE_MAX).
constexpr std::size_t kLongestMessage = 960;

/// The kernel's numbers, facility daemon.
int priority(Level level) noexcept {
    constexpr int kDaemon = 3 << 3;
    switch (level) {
        case Level::Error:
            return kDaemon | 3;
        case Level::Warning:
            return kDaemon | 4;
        case Level::Info:
            return kDaemon | 6;
    }
    return kDaemon | 6;
}

/// In the log that svctl shows, where there is no number for it.
std::string_view word_of(Level level) noexcept {
    switch (level) {
        case Level::Error:
            return "error: ";
        case Level::Warning:
            return "warning: ";
        case Level::Info:
            return "info: ";
    }
    return {};
}

/// An open file description of our own for standard error, so that making it non-blocking concerns
/// nobody else. What cannot be opened again (a socket) is written to without waiting all the same.
/// A regular file never makes anybody wait, and its offset must stay shared: others who write to
/// it, such as the shell that redirected us, would overwrite our lines.
UniqueFd open_standard_error() noexcept {
    struct stat info {};
    const bool is_file = ::fstat(STDERR_FILENO, &info) == 0 && S_ISREG(info.st_mode);
    if (!is_file) {
        if (auto own = open_file("/proc/self/fd/2", O_WRONLY | O_APPEND | O_NONBLOCK)) {
            return std::move(*own);
        }
    }
    return UniqueFd(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
}

bool write_whole(int fd, std::string_view text, Duration patience) noexcept {
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == ENOTSOCK) {
        return write_patiently(fd, text, patience).has_value();
    }
    return sent == static_cast<ssize_t>(text.size());
}

}  // namespace

MessageLog::MessageLog(Sink wanted, std::string_view who) noexcept : who_(who) {
    if (wanted == Sink::Kernel) {
        if (auto kernel = open_file("/dev/kmsg", O_WRONLY | O_NONBLOCK)) {
            fd_ = std::move(*kernel);
            sink_ = Sink::Kernel;
            return;
        }
    }
    fd_ = open_standard_error();
}

void MessageLog::copy_to(UniqueFd pipe) noexcept {
    if (::fcntl(pipe.get(), F_SETFL, O_NONBLOCK) == 0) {
        copy_ = std::move(pipe);
    }
}

bool MessageLog::put(Level level, std::string_view message) noexcept {
    FixedString<kLongestMessage + 64> line;
    if (sink_ == Sink::Kernel) {
        line.append_format("<%d>", priority(level));
    }
    line.append(who_);
    const std::size_t begin = line.size();
    for (const char c : message.substr(0, kLongestMessage)) {
        // A newline would begin a message of its own.
        line.append({c == '\n' ? " " : &c, 1});
    }
    line.append("\n");
    if (copy_.valid()) {
        FixedString<kLongestMessage + 64> copy;
        copy.append(word_of(level));
        copy.append(line.view().substr(begin));
        // A line is less than PIPE_BUF: it goes in whole or not at all.
        [[maybe_unused]] const ssize_t copied =
            ::write(copy_.get(), copy.view().data(), copy.size());
    }
    return write_whole(fd_.get(), line.view(), dropped_ > 0 ? Duration::zero() : kMessagePatience);
}

void MessageLog::write(Level level, std::string_view message) noexcept {
    if (dropped_ > 0) {
        FixedString<64> note;
        note.append(counted(dropped_, "message").view()).append(" could not be written");
        if (put(Level::Warning, note.view())) {
            dropped_ = 0;
        }
    }
    if (!put(level, message)) {
        ++dropped_;
    }
}

}  // namespace mainstay::supervisor
