#include "supervisor/svlog/log_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <memory>

#include "common/fd_io.h"
#include "supervisor/svlog/file_names.h"
#include "supervisor/svlog/rotation.h"

namespace mainstay::svlog {
namespace {

/// How much is written between two looks at how full the file system is.
constexpr std::uint64_t kRoomCheckInterval = std::uint64_t{1024} * 1024;

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

/// How long ago the file was made, where the file system knows (statx(2), Linux 4.11); else since
/// it was last written to.
Duration age_of(int fd) noexcept {
    struct statx info {};
    if (::statx(fd, "", AT_EMPTY_PATH, STATX_BTIME | STATX_MTIME, &info) < 0) {
        return Duration::zero();
    }
    const bool has_birth = (info.stx_mask & STATX_BTIME) != 0;
    const std::int64_t since = (has_birth ? info.stx_btime : info.stx_mtime).tv_sec;
    return std::chrono::seconds(std::max<std::int64_t>(wall_now().seconds - since, 0));
}

}  // namespace

WallTime wall_now() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return {now.tv_sec, static_cast<std::uint32_t>(now.tv_nsec)};
}

std::string LogFiles::path(std::string_view file) const {
    return std::string(directory_).append("/").append(file);
}

// --- opening ----------------------------------------------------------------------------------

Result<void> LogFiles::open(const Settings& settings, const FileMark& mark) {
    TRY_VOID(make_directory());
    TRY_VOID(open_current(0));
    if (auto mended = mend(mark); !mended) {
        close();
        return mended;
    }
    list_rotated();
    until_room_is_checked_ = 0;
    set_due(settings, age_of(current_.get()));
    delete_outdated(settings);
    return {};
}

Result<void> LogFiles::make_directory() const {
    if (::mkdirat(root_.fd(), directory_.c_str(), kDirectoryMode) < 0) {
        return errno == EEXIST ? Result<void>() : Result<void>(last_error("mkdir"));
    }
    if (root_.group()) {
        [[maybe_unused]] const int given =
            ::fchownat(root_.fd(), directory_.c_str(), static_cast<uid_t>(-1), *root_.group(), 0);
    }
    return {};
}

Result<void> LogFiles::open_current(int extra_flags) {
    const int flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    UniqueFd fd(::openat(root_.fd(), path(kCurrent).c_str(), flags | extra_flags, kFileMode));
    struct stat info {};
    if (!fd.valid() || ::fstat(fd.get(), &info) < 0) {
        return last_error("open");
    }
    if (!S_ISREG(info.st_mode)) {
        return Error{"open", EINVAL};
    }
    if (info.st_size == 0 && root_.group()) {
        [[maybe_unused]] const int given =
            ::fchown(fd.get(), static_cast<uid_t>(-1), *root_.group());
    }
    size_ = static_cast<std::uint64_t>(info.st_size);
    inode_ = info.st_ino;
    current_ = std::move(fd);
    return {};
}

Result<void> LogFiles::mend(const FileMark& mark) {
    if (mark.inode == inode_ && mark.size < size_) {
        // Written by one that was killed before it could say so: it is still in the arena.
        if (::ftruncate(current_.get(), static_cast<off_t>(mark.size)) < 0) {
            return last_error("truncate");
        }
        size_ = mark.size;
        return {};
    }
    char last = '\n';
    if (size_ > 0 && ::pread(current_.get(), &last, 1, static_cast<off_t>(size_ - 1)) == 1 &&
        last != '\n') {
        TRY_VOID(write_all(current_.get(), "\n"));
        ++size_;
    }
    return {};
}

void LogFiles::list_rotated() {
    rotated_.clear();
    UniqueFd fd(::openat(root_.fd(), directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::unique_ptr<DIR, CloseDirectory> directory(fd.valid() ? ::fdopendir(fd.get())
                                                                    : nullptr);
    is_listed_ = directory != nullptr;
    if (is_listed_) {
        static_cast<void>(fd.release());
    }
    errno = 0;
    while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
        if (const auto time = parse_rotated_name(entry->d_name)) {
            rotated_.push_back(*time);
        }
    }
    is_listed_ = is_listed_ && errno == 0;
    std::sort(rotated_.begin(), rotated_.end());
}

// --- writing ----------------------------------------------------------------------------------

Result<void> LogFiles::append(std::string_view lines, const Settings& settings) {
    if (until_room_is_checked_ < lines.size()) {
        TRY_VOID(make_room(lines.size(), settings));
    }
    if (auto written = write_all(current_.get(), lines); !written) {
        // Half a line would be taken for a whole one. Where not even this works the next open()
        // sees to it.
        [[maybe_unused]] const int cut = ::ftruncate(current_.get(), static_cast<off_t>(size_));
        return written;
    }
    size_ += lines.size();
    until_room_is_checked_ -= lines.size();
    return {};
}

Result<void> LogFiles::make_room(std::uint64_t needed, const Settings& settings) {
    for (;;) {
        struct statvfs info {};
        // Who does not say how full it is shows it when it is written to.
        const bool is_known = ::fstatvfs(current_.get(), &info) == 0;
        const FileSystemRoom room = {is_known ? info.f_blocks * info.f_frsize : 0,
                                     info.f_bavail * info.f_frsize};
        const std::uint64_t left = room_left(room, settings);
        if (left >= needed) {
            until_room_is_checked_ = std::min(left, needed + kRoomCheckInterval);
            return {};
        }
        if (!delete_oldest()) {
            return Error{"log-min-free", ENOSPC};
        }
    }
}

// --- rotation ---------------------------------------------------------------------------------

Result<void> LogFiles::rotate(const Settings& settings) {
    if (!is_listed_) {
        list_rotated();
    }
    const WallTime end = time_of_rotation(rotated_, wall_now());
    const std::string target = path(rotated_name(end));
    int renamed = ::renameat2(root_.fd(), path(kCurrent).c_str(), root_.fd(), target.c_str(),
                              RENAME_NOREPLACE);
    if (renamed < 0 && errno == EINVAL) {
        // A file system that cannot refuse. The name is later than every one that is there.
        renamed = ::renameat(root_.fd(), path(kCurrent).c_str(), root_.fd(), target.c_str());
    }
    // ENOENT: somebody took it away, and has it.
    if (renamed < 0 && errno != ENOENT) {
        return last_error("rename");
    }
    if (renamed == 0) {
        rotated_.push_back(end);
    }
    current_.reset();
    TRY_VOID(open_current(O_EXCL));
    set_due(settings, Duration::zero());
    delete_outdated(settings);
    return {};
}

void LogFiles::delete_outdated(const Settings& settings) {
    std::size_t count = count_outdated(rotated_, settings, wall_now());
    while (count > 0 && delete_oldest()) {
        --count;
    }
}

/// @returns whether there was one; one that cannot be deleted is left until the next rotation.
bool LogFiles::delete_oldest() {
    if (rotated_.empty()) {
        return false;
    }
    if (::unlinkat(root_.fd(), path(rotated_name(rotated_.front())).c_str(), 0) < 0) {
        is_listed_ = is_listed_ && errno == ENOENT;
    }
    rotated_.erase(rotated_.begin());
    return true;
}

void LogFiles::set_due(const Settings& settings, Duration age_of_current) {
    const Duration left = settings.max_age - age_of_current;
    due_ = settings.max_age < kNoAge ? monotonic_now() + std::max(left, Duration::zero())
                                     : MonotonicTime::max();
}

void LogFiles::age_limit_changed(const Settings& settings) {
    set_due(settings, age_of(current_.get()));
    delete_outdated(settings);
}

Result<void> LogFiles::look_at_age(const Settings& settings) {
    if (is_open() && size_ > 0) {
        return rotate(settings);
    }
    delete_outdated(settings);
    set_due(settings, Duration::zero());
    return {};
}

}  // namespace mainstay::svlog
