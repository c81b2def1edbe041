#include "supervisor/svlog/log_root.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "common/fd_io.h"

namespace mainstay::svlog {

Result<void> LogRoot::open() {
    if (is_open()) {
        return {};
    }
    TRY_VOID(make_directories());
    TRY(UniqueFd fd, open_file(path_.c_str(), O_RDONLY | O_DIRECTORY));
    // Only who holds it is of interest: a file system that cannot lock (NFS, EBADF) goes unlocked.
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
        return Error{"lock", EBUSY};
    }
    fd_ = std::move(fd);
    return {};
}

Result<void> LogRoot::make_directories() const {
    constexpr mode_t kParentMode = 0755;
    for (std::size_t slash = path_.find('/', 1); slash != std::string::npos;
         slash = path_.find('/', slash + 1)) {
        // What cannot be made shows when the last one cannot.
        ::mkdir(path_.substr(0, slash).c_str(), kParentMode);
    }
    if (::mkdir(path_.c_str(), kDirectoryMode) == 0) {
        if (group_) {
            // Not for others than root: then the files stay the user's own.
            [[maybe_unused]] const int given =
                ::chown(path_.c_str(), static_cast<uid_t>(-1), *group_);
        }
        return {};
    }
    return errno == EEXIST ? Result<void>() : Result<void>(last_error("mkdir"));
}

bool LogRoot::has_moved() const noexcept {
    struct stat there {};
    struct stat here {};
    return is_open() && ::fstat(fd_.get(), &here) == 0 &&
           (::stat(path_.c_str(), &there) < 0 || there.st_dev != here.st_dev ||
            there.st_ino != here.st_ino);
}

}  // namespace mainstay::svlog
