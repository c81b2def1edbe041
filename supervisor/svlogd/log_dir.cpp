#include "supervisor/svlogd/log_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <memory>

#include "common/fd_io.h"
#include "common/runit_words.h"
#include "supervisor/svlog/stamp.h"

namespace mainstay::svlogd {
namespace {

constexpr mode_t kOpenMode = 0644;
constexpr mode_t kWholeMode = 0744;  ///< of a file that was ended in order
constexpr unsigned kPause = 3;       ///< seconds
constexpr std::size_t kMostOfConfig = std::size_t{64} * 1024;
constexpr int kExitFatal = 111;
constexpr char kCurrent[] = "current";
constexpr int kStateIn = 4;
constexpr int kStateOut = 5;

void say(const char* kind, const std::string& what) {
    static_cast<void>(write_all(STDERR_FILENO, std::string("svlogd: ") + kind + what + "\n"));
}

svlog::WallTime wall_clock() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return {now.tv_sec, static_cast<std::uint32_t>(now.tv_nsec)};
}

Result<UniqueFd> open_at(int directory, const char* name, int flags, unsigned mode = 0) {
    const int fd = ::openat(directory, name, flags | O_CLOEXEC | O_NOCTTY, mode);
    if (fd < 0) {
        return last_error("open");
    }
    return UniqueFd(fd);
}

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

}  // namespace

// --- words --------------------------------------------------------------------------------------

void LogDir::info(const std::string& what) const {
    if (settings_.verbosity == Verbosity::Verbose) {
        say("info: ", what);
    }
}

void LogDir::warn(const std::string& what) const {
    say("warning: ", what);
}

void LogDir::warn(const std::string& what, int code) const {
    warn(what + ": " + name_ + ": " + runit_error_text(code));
}

void LogDir::until(const char* what, const std::function<bool()>& done) const {
    while (!done()) {
        say("pausing: ", std::string(what) + ": " + name_ + ": " + runit_error_text(errno));
        ::sleep(kPause);
    }
}

// --- opening and closing ------------------------------------------------------------------------

bool LogDir::open() {
    auto opened = open_file(name_.c_str(), O_RDONLY | O_NONBLOCK);
    if (!opened) {
        warn("unable to open log directory", opened.error().code);
        return false;
    }
    directory_ = std::move(*opened);
    if (struct stat info{}; ::fstat(directory_.get(), &info) < 0 || !S_ISDIR(info.st_mode)) {
        warn("unable to change directory", ENOTDIR);
        directory_.reset();
        return false;
    }
    if (!lock()) {
        directory_.reset();
        return false;
    }
    read_config();
    if (!find_current()) {
        lock_.reset();
        directory_.reset();
        return false;
    }
    return true;
}

bool LogDir::lock() {
    auto file = open_at(directory_.get(), "lock", O_WRONLY | O_NONBLOCK | O_APPEND | O_CREAT, 0600);
    const int code = !file                                         ? file.error().code
                     : ::flock(file->get(), LOCK_EX | LOCK_NB) < 0 ? errno
                                                                   : 0;
    if (code != 0) {
        warn("unable to lock directory", code);
        return false;
    }
    lock_ = std::move(*file);
    return true;
}

void LogDir::read_config() {
    config_ = {};
    rotates_at_.reset();
    auto file = open_at(directory_.get(), "config", O_RDONLY | O_NONBLOCK);
    if (!file && file.error().code == ENOENT) {
        return;
    }
    std::vector<char> buffer(kMostOfConfig);
    const auto text =
        file ? read_up_to(file->get(), buffer) : Result<std::string_view>(file.error());
    if (!text) {
        warn("unable to read config", text.error().code);
        return;
    }
    if (text->empty()) {
        return;
    }
    info("read: " + name_ + "/config");
    ReadConfig read = parse_config(*text);
    for (const std::string& warning : read.warnings) {
        warn(warning);
    }
    config_ = std::move(read.config);
    if (config_.age_max != 0) {
        rotates_at_ = monotonic_now() + std::chrono::seconds(config_.age_max);
    }
}

/// One that was not ended in order goes among the old ones, as unprocessed.
bool LogDir::find_current() {
    struct stat info {};
    const bool is_there = ::fstatat(directory_.get(), kCurrent, &info, 0) == 0;
    if (!is_there && errno != ENOENT) {
        warn("unable to stat current", errno);
        return false;
    }
    const bool is_torn = is_there && info.st_size > 0 && (info.st_mode & S_IXUSR) == 0;
    if (is_torn) {
        const std::string name = old_name('u');
        until("unable to rename current", [&] {
            return ::renameat(directory_.get(), kCurrent, directory_.get(), name.c_str()) == 0;
        });
        remove_oldest();
    }
    size_ = is_there && !is_torn ? static_cast<std::uint64_t>(info.st_size) : 0;
    until("unable to open current", [&] {
        auto file = open_at(directory_.get(), kCurrent, O_WRONLY | O_NONBLOCK | O_APPEND | O_CREAT,
                            kOpenMode);
        current_ = file ? std::move(*file) : UniqueFd();
        return current_.valid();
    });
    until("unable to set mode of current",
          [&] { return ::fchmod(current_.get(), kOpenMode) == 0; });
    this->info((is_there && !is_torn ? "append: " : "new: ") + name_ + "/current");
    return true;
}

void LogDir::close() {
    if (!is_open()) {
        return;
    }
    info("close: " + name_);
    until("unable to fsync current logfile", [&] { return ::fsync(current_.get()) == 0; });
    until("unable to set mode of current",
          [&] { return ::fchmod(current_.get(), kWholeMode) == 0; });
    current_.reset();
    lock_.reset();
    if (processor_ == 0) {
        directory_.reset();
    }
}

// --- old files ----------------------------------------------------------------------------------

std::string LogDir::old_name(char kind) const {
    struct stat info {};
    while (true) {
        const auto stamp = svlog::tai64n(wall_clock());
        std::string name = std::string(stamp.data(), stamp.size()) + "." + kind;
        if (::fstatat(directory_.get(), name.c_str(), &info, 0) < 0 && errno == ENOENT) {
            return name;
        }
    }
}

std::vector<std::string> LogDir::names() const {
    std::vector<std::string> found;
    std::unique_ptr<DIR, CloseDirectory> directory;
    until("unable to open directory, want rotate", [&] {
        const int fd = ::openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        directory.reset(fd < 0 ? nullptr : ::fdopendir(fd));
        return directory != nullptr;
    });
    errno = 0;
    while (const dirent* entry = ::readdir(directory.get())) {
        found.emplace_back(entry->d_name);
        errno = 0;
    }
    if (errno != 0) {
        warn("unable to read directory", errno);
    }
    return found;
}

void LogDir::remove_oldest() {
    const Removal removal = to_be_removed(names(), config_.keep_max);
    for (const std::string& leftover : removal.leftovers) {
        if (::unlinkat(directory_.get(), leftover.c_str(), 0) < 0) {
            warn("unable to unlink processor leftover: " + leftover + ": " +
                 runit_error_text(errno));
        }
    }
    if (!removal.oldest) {
        return;
    }
    info("delete: " + name_ + "/" + *removal.oldest);
    if (::unlinkat(directory_.get(), removal.oldest->c_str(), 0) < 0) {
        warn("unable to unlink oldest logfile", errno);
    }
}

void LogDir::rotate() {
    if (!is_open()) {
        return;
    }
    wait_for_processor();
    if (rotates_at_ && *rotates_at_ <= monotonic_now()) {
        rotates_at_ = monotonic_now() + std::chrono::seconds(config_.age_max);
    }
    if (size_ == 0) {
        return;
    }
    const std::string name = old_name(config_.processor.empty() ? 's' : 'u');
    until("unable to fsync current logfile", [&] { return ::fsync(current_.get()) == 0; });
    until("unable to set mode of current",
          [&] { return ::fchmod(current_.get(), kWholeMode) == 0; });
    info("rename: " + name_ + "/current " + name + " " + std::to_string(size_));
    until("unable to rename current", [&] {
        return ::renameat(directory_.get(), kCurrent, directory_.get(), name.c_str()) == 0;
    });
    until("unable to create new current", [&] {
        auto file = open_at(directory_.get(), kCurrent, O_WRONLY | O_NONBLOCK | O_APPEND | O_CREAT,
                            kOpenMode);
        current_ = file ? std::move(*file) : std::move(current_);
        return file.has_value();
    });
    size_ = 0;
    until("unable to set mode of current",
          [&] { return ::fchmod(current_.get(), kOpenMode) == 0; });
    remove_oldest();
    unprocessed_ = name;
    start_processor();
}

// --- writing ------------------------------------------------------------------------------------

void LogDir::write(std::string_view bytes) {
    while (!bytes.empty() && is_open()) {
        std::string_view piece = bytes;
        if (config_.size_max != 0) {
            if (size_ >= config_.size_max) {
                rotate();
            }
            piece = piece.substr(0, config_.size_max - size_);
        }
        const std::size_t written = write_some(piece);
        size_ += written;
        if (bytes[written - 1] == '\n' && is_full(size_, settings_.line_max, config_)) {
            rotate();
        }
        bytes.remove_prefix(written);
    }
}

std::size_t LogDir::write_some(std::string_view bytes) {
    ssize_t written = -1;
    while (true) {
        written = ::write(current_.get(), bytes.data(), bytes.size());
        if (written > 0) {
            return static_cast<std::size_t>(written);
        }
        if (errno == ENOSPC && config_.keep_min < config_.keep_max && make_room()) {
            continue;
        }
        until("unable to write to current", [&] {
            written = ::write(current_.get(), bytes.data(), bytes.size());
            return written > 0;
        });
        return static_cast<std::size_t>(written);
    }
}

bool LogDir::make_room() const {
    const auto oldest = to_be_sacrificed(names(), config_.keep_min);
    if (!oldest) {
        errno = ENOSPC;
        return false;
    }
    warn("out of disk space, delete: " + name_ + "/" + *oldest);
    if (::unlinkat(directory_.get(), oldest->c_str(), 0) < 0) {
        warn("unable to unlink oldest logfile", errno);
        errno = ENOSPC;
        return false;
    }
    return true;
}

// --- the processor ------------------------------------------------------------------------------

std::string LogDir::processed(char kind) const {
    std::string name = unprocessed_;
    name.back() = kind;
    return name;
}

void LogDir::start_processor() {
    if (config_.processor.empty()) {
        return;
    }
    until("unable to fork for processor", [&] {
        processor_ = ::fork();
        return processor_ >= 0;
    });
    if (processor_ == 0) {
        become_processor();
    }
}

/// In the child: files on 0, 1, 4 and 5, in the directory.
void LogDir::become_processor() const {
    const auto fail = [&](const char* what) {
        say("fatal: ", std::string(what) + ": " + name_ + ": " + runit_error_text(errno));
        ::_exit(kExitFatal);
    };
    const auto put = [&](const std::string& file, int flags, int number, const char* what) {
        const int fd = ::open(file.c_str(), flags, kOpenMode);
        if (fd < 0) {
            fail(what);
        }
        if (fd != number && (::dup2(fd, number) < 0 || ::close(fd) < 0)) {
            fail("unable to move filedescriptor for processor");
        }
    };
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    info("processing: " + name_ + "/" + unprocessed_);
    if (::fchdir(directory_.get()) < 0) {
        fail("unable to change directory, want processor");
    }
    constexpr int kFresh = O_WRONLY | O_CREAT | O_TRUNC;
    put(unprocessed_, O_RDONLY, STDIN_FILENO, "unable to open input for processor");
    put(processed('t'), kFresh, STDOUT_FILENO, "unable to open output for processor");
    put("state", O_RDONLY | O_CREAT, kStateIn, "unable to open state for processor");
    put("newstate", kFresh, kStateOut, "unable to open newstate for processor");
    ::execl("/bin/sh", "sh", "-c", config_.processor.c_str(), nullptr);
    fail("unable to run processor");
    ::_exit(kExitFatal);
}

bool LogDir::processor_ended(pid_t pid, int wait_status) {
    if (processor_ != pid || pid == 0) {
        return false;
    }
    processor_ = 0;
    finish_processing(wait_status);
    return true;
}

void LogDir::wait_for_processor() {
    while (processor_ != 0) {
        int status = 0;
        const pid_t ended = ::waitpid(processor_, &status, 0);
        if (ended < 0 && errno == EINTR) {
            continue;
        }
        processor_ = 0;
        finish_processing(ended < 0 ? -1 : status);
    }
}

/// What failed is tried again: at once, as svlogd does.
void LogDir::finish_processing(int wait_status) {
    if (!directory_.valid()) {
        return;
    }
    const std::string result = processed('t');
    const std::string done = processed('s');
    if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0) {
        warn("processor failed, restart: " + name_);
        ::unlinkat(directory_.get(), result.c_str(), 0);
        return start_processor();
    }
    const int directory = directory_.get();
    until("unable to rename processed",
          [&] { return ::renameat(directory, result.c_str(), directory, done.c_str()) == 0; });
    until("unable to set mode of processed",
          [&] { return ::fchmodat(directory, done.c_str(), kWholeMode, 0) == 0; });
    if (::unlinkat(directory, unprocessed_.c_str(), 0) < 0) {
        warn("unable to unlink: " + name_ + "/" + unprocessed_);
    }
    until("unable to rename state",
          [&] { return ::renameat(directory, "newstate", directory, "state") == 0; });
    info("processed: " + name_ + "/" + done);
}

}  // namespace mainstay::svlogd
