#include "init/initctl.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/fd_io.h"

namespace mainstay::init {
namespace {

constexpr char kFifo[] = "/run/initctl";
constexpr char kDevLink[] = "/dev/initctl";

bool is_same_file(const struct stat& a, const struct stat& b) noexcept {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

Result<UniqueFd> open_fifo() noexcept {
    if (::mkfifo(kFifo, 0600) != 0 && errno != EEXIST) {
        return last_error("mkfifo");
    }
    TRY(UniqueFd fd, open_file(kFifo, O_RDWR | O_NONBLOCK));
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) {
        return last_error("stat");
    }
    if (!S_ISFIFO(info.st_mode)) {
        return Error{"open", ENXIO};
    }
    return fd;
}

}  // namespace

void Initctl::ensure(InittabStyle style, Log& log) noexcept {
    const bool is_needed = style == InittabStyle::Sysvinit;
    if (is_shut_) {
        return;
    }
    if (!is_in_place()) {
        close();
        auto opened = open_fifo();
        if (opened) {
            fifo_ = std::move(*opened);
            told_ = 0;
            watch();
        } else if (is_needed && told_ != opened.error().code) {
            told_ = opened.error().code;
            log.warning("%s: %s: %s; sysvinit's tools do not reach PID 1", kFifo,
                        opened.error().action,
                        told_ == ENXIO ? "it is no fifo" : errno_text(told_));
        }
    }
    if (is_needed && fifo_.valid()) {
        // Or somebody has made one, or /dev is not writable.
        [[maybe_unused]] const int made = ::symlink(kFifo, kDevLink);
    }
}

void Initctl::reopen(InittabStyle style, Log& log) noexcept {
    is_shut_ = false;
    close();
    ensure(style, log);
}

void Initctl::shut() noexcept {
    is_shut_ = true;
    close();
}

void Initctl::close() noexcept {
    fifo_.reset();
    watch_.reset();
}

void Initctl::adopt(UniqueFd fifo) noexcept {
    fifo_ = std::move(fifo);
    if (fifo_.valid()) {
        watch();
    }
}

bool Initctl::is_in_place() const noexcept {
    struct stat ours {};
    struct stat there {};
    return fifo_.valid() && ::fstat(fifo_.get(), &ours) == 0 && ::stat(kFifo, &there) == 0 &&
           is_same_file(ours, there);
}

/// To unlink a file changes its count of links, which is an attribute.
void Initctl::watch() noexcept {
    watch_.reset(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (watch_.valid() && ::inotify_add_watch(watch_.get(), kFifo, IN_ATTRIB | IN_MOVE_SELF) < 0) {
        watch_.reset();
    }
}

bool Initctl::heed_watch() noexcept {
    std::array<std::byte, 512> ignored;
    return watch_.valid() && ::read(watch_.get(), ignored.data(), ignored.size()) > 0;
}

std::span<const std::byte> Initctl::read() noexcept {
    if (!fifo_.valid()) {
        return {};
    }
    const ssize_t size = ::read(fifo_.get(), buffer_.data(), buffer_.size());
    return std::span(buffer_).first(size > 0 ? static_cast<std::size_t>(size) : 0);
}

}  // namespace mainstay::init
