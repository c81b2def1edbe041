#include "init/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdarg>

#include "common/fd_io.h"
#include "common/fixed.h"
#include "common/units.h"

namespace mainstay::init {
namespace {

/// The kernel cuts a record of /dev/kmsg at 1,024 bytes less its header
/// (Documentation/ABI/dev-kmsg).
using Line = FixedString<960>;

/// Tries twice where the file is there: PID 1 would be mute from then on.
UniqueFd open_or_none(const char* path, int flags) noexcept {
    auto opened = open_file(path, flags);
    if (!opened && opened.error().code != ENOENT) {
        opened = open_file(path, flags);
    }
    return opened ? std::move(*opened) : UniqueFd();
}

int read_kernel_console_level() noexcept {
    std::array<char, 64> buffer;
    const auto text = read_file("/proc/sys/kernel/printk", buffer);
    int level = 0;
    if (text) {
        std::from_chars(text->data(), text->data() + text->size(), level);
    }
    return level;
}

}  // namespace

void Log::open_machine() noexcept {
    // Without this the kernel drops what user space writes quickly (printk_devkmsg, Linux 4.7).
    (void)write_file("/proc/sys/kernel/printk_devkmsg", "on\n").has_value();
    kmsg_ = open_or_none("/dev/kmsg", O_WRONLY | O_NONBLOCK);
    console_ = open_or_none("/dev/console", O_WRONLY | O_NONBLOCK);
}

void Log::open_container() noexcept {
    // A description of our own, so that O_NONBLOCK is not put on one that others share. But not of
    // a regular file, which never blocks: its offset must stay shared, or others overwrite our
    // lines.
    struct stat info {};
    if (::fstat(STDERR_FILENO, &info) != 0 || !S_ISREG(info.st_mode)) {
        console_ = open_or_none("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_APPEND);
    }
    if (!console_.valid()) {
        console_.reset(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
    }
}

void Log::adopt(UniqueFd kernel_log, UniqueFd console) noexcept {
    kmsg_ = std::move(kernel_log);
    console_ = std::move(console);
}

void Log::show_on_console() noexcept {
    on_console_ = true;
    kernel_console_level_ = read_kernel_console_level();
}

bool Log::kernel_prints(Level level) const noexcept {
    return static_cast<int>(level) < kernel_console_level_;
}

Duration Log::patience() const noexcept {
    // Short enough for the deadline of any child, as it waits once like PID 1 itself.
    constexpr Duration kOfChild = std::chrono::seconds(2);
    if (dropped_ > 0) {
        return Duration::zero();
    }
    return ::getpid() == owner_ ? kMessagePatience : kOfChild;
}

void Log::write_line(int fd, std::string_view line) noexcept {
    if (dropped_ > 0) {
        FixedString<64> notice;
        notice.append_format("init: dropped %s\n", counted(dropped_, "message").c_str());
        if (!write_patiently(fd, notice, patience())) {
            ++dropped_;
            return;
        }
        dropped_ = 0;
    }
    if (!write_patiently(fd, line, patience())) {
        ++dropped_;
    }
}

void Log::write(Level level, std::string_view text) noexcept {
    if (kmsg_.valid()) {
        Line line;
        line.append_format("<%d>init: ", static_cast<int>(level));
        // Without a newline the kernel keeps the record open, and hidden, until the next one comes.
        line.append(text.substr(0, Line::capacity() - 12)).append("\n");
        write_line(kmsg_.get(), line);
    }
    const bool kernel_shows_it = kmsg_.valid() && kernel_prints(level);
    if (console_.valid() && (!kmsg_.valid() || (on_console_ && !kernel_shows_it))) {
        Line line("init: ");
        line.append(text.substr(0, Line::capacity() - 8)).append("\n");
        write_line(console_.get(), line);
    }
}

// One body for all levels; va_start must stand in the variadic function itself.
#define MAINSTAY_LOG_BODY(level)        \
    Line text;                          \
    va_list args;                       \
    va_start(args, format);             \
    text.append_format_v(format, args); \
    va_end(args);                       \
    write(level, text)

void Log::error(const char* format, ...) noexcept {
    MAINSTAY_LOG_BODY(Level::Error);
}
void Log::warning(const char* format, ...) noexcept {
    MAINSTAY_LOG_BODY(Level::Warning);
}
void Log::notice(const char* format, ...) noexcept {
    MAINSTAY_LOG_BODY(Level::Notice);
}
void Log::info(const char* format, ...) noexcept {
    MAINSTAY_LOG_BODY(Level::Info);
}

#undef MAINSTAY_LOG_BODY

}  // namespace mainstay::init
