#include "supervisor/supervise_dir.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "common/fd_io.h"
#include "supervisor/file_lock.h"

namespace mainstay::supervisor {
namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFifoMode = 0600;
constexpr unsigned kFileMode = 0644;
/// A link in the place of a file of ours was put there by whoever may write to the directory, to
/// have another file written: it is refused.
constexpr int kForOurFile = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
constexpr std::size_t kLongestTarget = 255;
constexpr char kPid[] = "pid";
constexpr char kStat[] = "stat";

using Kind = SuperviseFault::Kind;

SuperviseFault fault_of(const std::string& path, const char* what, int code) {
    const bool is_read_only = code == EROFS || code == EACCES || code == EPERM;
    return {is_read_only ? Kind::ReadOnly : Kind::Other,
            path + ": " + what + ": " + errno_text(code), path, what, code};
}

/// As runsv does it: the target of a link that leads nowhere is made.
Result<void, SuperviseFault> make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), kDirectoryMode) == 0) {
        return {};
    }
    if (errno != EEXIST) {
        return fault_of(path, "mkdir", errno);
    }
    std::array<char, kLongestTarget + 1> target{};
    const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
    if (size < 0) {
        return {};  // no link: what it is shows when it is opened
    }
    const std::string_view name(target.data(), static_cast<std::size_t>(size));
    if (name.size() > kLongestTarget) {
        return SuperviseFault{Kind::Other, path + ": leads to a path of more than 255 bytes", path,
                              "readlink", ENAMETOOLONG};
    }
    const std::string whole = name.starts_with('/')
                                  ? std::string(name)
                                  : path.substr(0, path.rfind('/') + 1) + std::string(name);
    if (::mkdir(whole.c_str(), kDirectoryMode) < 0 && errno != EEXIST) {
        return fault_of(whole, "mkdir", errno);
    }
    return {};
}

Result<UniqueFd, SuperviseFault> take_lock(const std::string& path) {
    auto lock = open_file(path.c_str(), kForOurFile | O_APPEND, kFifoMode);
    if (!lock) {
        return fault_of(path, "open", lock.error().code);
    }
    const LockAttempt attempt = try_lock(lock->get());
    if (attempt.state == LockAttempt::State::Ours) {
        return std::move(*lock);
    }
    if (attempt.state == LockAttempt::State::Failed) {
        return fault_of(path, "flock", attempt.code);
    }
    const std::string holder =
        attempt.holder != 0 ? "pid " + std::to_string(attempt.holder) : "another process";
    return SuperviseFault{attempt.state == LockAttempt::State::Held ? Kind::Held : Kind::Fading,
                          path + " is held by " + holder,
                          path,
                          "lock",
                          EAGAIN,
                          attempt.holder};
}

/// Anything but a fifo is not even opened, nor is a link to one: it is somebody else's.
Result<UniqueFd, SuperviseFault> open_fifo(const std::string& path, int flags) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) < 0) {
        return fault_of(path, "lstat", errno);
    }
    if (!S_ISFIFO(info.st_mode)) {
        return SuperviseFault{Kind::Other, path + ": is there and no fifo", path};
    }
    auto fifo = open_file(path.c_str(), flags | O_NOFOLLOW | O_NONBLOCK);
    if (!fifo) {
        return fault_of(path, "open", fifo.error().code);
    }
    return std::move(*fifo);
}

Result<UniqueFd, SuperviseFault> make_control(const std::string& path) {
    if (::mkfifo(path.c_str(), kFifoMode) < 0 && errno != EEXIST) {
        return fault_of(path, "mkfifo", errno);
    }
    // Open for writing as well, so that it never ends when the last client leaves.
    return open_fifo(path, O_RDWR);
}

/// @returns its own descriptor; an invalid one where it is the same fifo as @p control
Result<UniqueFd, SuperviseFault> make_ok(const std::string& path, const std::string& control) {
    if (::link(control.c_str(), path.c_str()) == 0) {
        return UniqueFd();
    }
    struct stat ours {};
    struct stat its {};
    const bool is_same = ::stat(control.c_str(), &ours) == 0 && ::stat(path.c_str(), &its) == 0 &&
                         ours.st_dev == its.st_dev && ours.st_ino == its.st_ino;
    if (is_same) {
        return UniqueFd();
    }
    if (::mkfifo(path.c_str(), kFifoMode) < 0 && errno != EEXIST) {
        return fault_of(path, "mkfifo", errno);
    }
    return open_fifo(path, O_RDONLY);
}

/// Half of the numbers are for services whatever there is of this.
bool is_too_high(int fd) noexcept {
    rlimit limit{};
    return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 && static_cast<rlim_t>(fd) >= limit.rlim_cur / 2;
}

}  // namespace

Result<SuperviseDir, SuperviseFault> SuperviseDir::open(std::string directory,
                                                        const RunitStatus& status) {
    TRY_VOID(make_directory(directory));
    SuperviseDir made;
    made.path_ = std::move(directory) + "/";
    TRY(made.lock_, take_lock(made.path_ + "lock"));
    if (is_too_high(made.lock_.get())) {
        return SuperviseFault{Kind::Descriptors,
                              "no descriptors to spare for " + made.path_ +
                                  "; the supervisor needs a higher limit (RLIMIT_NOFILE)",
                              made.path_, "open", EMFILE};
    }
    if (const auto written = made.write(status); !written) {
        return fault_of(made.path_ + kRunitStatus, written.error().action, written.error().code);
    }
    const std::string control = made.path_ + kRunitControl;
    TRY(made.control_, make_control(control));
    TRY(made.ok_, make_ok(made.path_ + kRunitOk, control));
    return made;
}

Result<void> SuperviseDir::replace(const char* name, std::string_view content) const {
    const std::string path = path_ + name;
    const std::string fresh = path + ".new";
    TRY(UniqueFd file, open_file(fresh.c_str(), kForOurFile | O_TRUNC, kFileMode));
    TRY_VOID(write_all(file.get(), content));
    if (::rename(fresh.c_str(), path.c_str()) < 0) {
        return last_error("rename");
    }
    return {};
}

/// Without a new file, which is most of what replace() costs. What the old one has more of is cut
/// off last: where there is no room, nothing is lost but what was to be written.
Result<void> SuperviseDir::overwrite(const char* name, std::string_view content, Old old) const {
    const int flags = content.empty() ? kForOurFile | O_TRUNC : kForOurFile;
    const auto file = open_file((path_ + name).c_str(), flags, kFileMode);
    const bool is_written = file && write_all(file->get(), content);
    const bool is_whole =
        is_written && (content.empty() || old == Old::NotLonger ||
                       ::ftruncate(file->get(), static_cast<off_t>(content.size())) == 0);
    return is_whole ? Result<void>() : replace(name, content);
}

Result<void> SuperviseDir::write(const RunitStatus& status) {
    if (!has_written_ || written_pid_ != status.pid) {
        TRY_VOID(replace(kPid, pid_text(status)));
        written_pid_ = status.pid;
        has_written_ = true;
    }
    const std::string stat = stat_text(status);
    TRY_VOID(replace(kStat, stat));
    stat_size_ = static_cast<std::uint8_t>(stat.size());
    const auto bytes = pack(status);
    return replace(kRunitStatus, {bytes.data(), bytes.size()});
}

Result<void> SuperviseDir::write_last(const RunitStatus& status) {
    close_fifos();
    if (written_pid_ != status.pid) {
        TRY_VOID(overwrite(kPid, pid_text(status), Old::Longer));
    }
    const std::string stat = stat_text(status);
    TRY_VOID(overwrite(kStat, stat, stat_size_ > stat.size() ? Old::Longer : Old::NotLonger));
    const auto bytes = pack(status);
    return overwrite(kRunitStatus, {bytes.data(), bytes.size()}, Old::NotLonger);
}

bool SuperviseDir::is_in_memory() const noexcept {
    struct statfs system {};
    return ::fstatfs(lock_.get(), &system) == 0 &&
           (system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC);
}

void SuperviseDir::close_fifos() noexcept {
    control_.reset();
    ok_.reset();
}

}  // namespace mainstay::supervisor
