#include "common/fd_io.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace mainstay {
namespace {

/// Calls @p call again for as long as a signal interrupts it.
template <typename Call>
auto retry_on_eintr(Call call) noexcept {
    decltype(call()) result;
    do {
        result = call();
    } while (result < 0 && errno == EINTR);
    return result;
}

}  // namespace

Result<UniqueFd> open_file(const char* path, int flags, unsigned mode) {
    const int fd = retry_on_eintr([&] { return ::open(path, flags | O_CLOEXEC | O_NOCTTY, mode); });
    if (fd < 0) {
        return last_error("open");
    }
    return UniqueFd(fd);
}

Result<void> write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count =
            retry_on_eintr([&] { return ::write(fd, bytes.data(), bytes.size()); });
        if (count < 0) {
            return last_error("write");
        }
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

Result<void> write_patiently(int fd, std::string_view bytes, Duration patience) {
    MonotonicTime deadline{};  // nobody was in the way yet
    while (!bytes.empty()) {
        const ssize_t count =
            retry_on_eintr([&] { return ::write(fd, bytes.data(), bytes.size()); });
        if (count >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(count));
            continue;
        }
        const Error failed = last_error("write");
        const MonotonicTime now = monotonic_now();
        deadline = deadline == MonotonicTime{} ? now + patience : deadline;
        if (failed.code != EAGAIN || now >= deadline) {
            return failed;
        }
        pollfd writable{fd, POLLOUT, 0};
        (void)::poll(&writable, 1, poll_timeout(deadline, now));
    }
    return {};
}

Result<void> write_file(const char* path, std::string_view bytes) {
    TRY(const UniqueFd fd, open_file(path, O_WRONLY));
    return write_all(fd.get(), bytes);
}

Result<std::string_view> read_up_to(int fd, std::span<char> buffer) {
    std::size_t filled = 0;
    while (filled < buffer.size()) {
        const ssize_t count = retry_on_eintr(
            [&] { return ::read(fd, buffer.data() + filled, buffer.size() - filled); });
        if (count < 0) {
            return last_error("read");
        }
        if (count == 0) {
            break;
        }
        filled += static_cast<std::size_t>(count);
    }
    return std::string_view(buffer.data(), filled);
}

Result<std::string_view> read_file(const char* path, std::span<char> buffer) {
    TRY(const UniqueFd fd, open_file(path, O_RDONLY));
    return read_up_to(fd.get(), buffer);
}

Result<Pipe> make_pipe(int extra_flags) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | extra_flags) < 0) {
        return last_error("pipe");
    }
    return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace mainstay
