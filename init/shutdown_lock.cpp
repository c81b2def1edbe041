#include "init/shutdown_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/fd_io.h"
#include "common/fixed.h"

namespace mainstay::init {
namespace {

struct flock whole_file() noexcept {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

}  // namespace

/// @returns false where the file was removed by its holder meanwhile: there is to be a new one
Result<bool> ShutdownLock::try_to_take() noexcept {
    TRY(UniqueFd file, open_file(kShutdownPidFile, O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
    struct flock lock = whole_file();
    if (::fcntl(file.get(), F_SETLK, &lock) != 0) {
        return errno == EACCES ? Error{"fcntl", EAGAIN} : last_error("fcntl");
    }
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) {
        return last_error("fstat");
    }
    if (info.st_nlink == 0) {
        return false;
    }
    file_ = std::move(file);
    return true;
}

Result<void> ShutdownLock::take() noexcept {
    bool taken = false;
    while (!taken) {
        TRY(taken, try_to_take());
    }
    FixedString<16> text;
    text.append_format("%d\n", ::getpid());
    if (::ftruncate(file_.get(), 0) != 0) {
        return last_error("ftruncate");
    }
    return write_all(file_.get(), text);
}

void ShutdownLock::give_up() noexcept {
    if (file_.valid()) {
        (void)::unlink(kShutdownPidFile);
        file_.reset();
    }
}

std::optional<pid_t> ShutdownLock::holder() noexcept {
    const auto file = open_file(kShutdownPidFile, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    struct flock lock = whole_file();
    if (!file || ::fcntl(file->get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) {
        return std::nullopt;
    }
    return lock.l_pid;
}

}  // namespace mainstay::init
