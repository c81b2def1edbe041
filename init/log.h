/// PID 1's messages. On a machine they go to /dev/kmsg with a level; to the console itself only
/// when kmsg is not to be had, and when show_on_console() says so (rescue, shutdown). In a
/// container they go to the standard error that PID 1 was given.
///
/// Every descriptor is PID 1's own non-blocking one. What does not fit within a moment
/// (kMessagePatience) is dropped, counted, and the count is told with the next message that fits;
/// until then no message waits. Usable in forked children as well, which tell no count, but wait
/// longer.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>

#include "common/clock.h"
#include "common/unique_fd.h"

namespace mainstay::init {

/// For "%.*s": at most 200 bytes of what came from outside.
inline int printable_length(std::string_view text) noexcept {
    return static_cast<int>(text.size() < 200 ? text.size() : 200);
}

/// For "%.2f s".
inline double in_seconds(Duration duration) noexcept {
    return std::chrono::duration<double>(duration).count();
}

/// The kernel's numbers (syslog(2)).
enum class Level : std::uint8_t { Error = 3, Warning = 4, Notice = 5, Info = 6 };

class Log {
  public:
    /// Opens /dev/kmsg and lifts its rate limit for user space; the console is the fallback.
    void open_machine() noexcept;
    /// Opens PID 1's own standard error a second time.
    void open_container() noexcept;

    /// Goes on with what a PID 1 before had opened: /dev may be gone by now.
    void adopt(UniqueFd kernel_log, UniqueFd console) noexcept;

    [[gnu::format(printf, 2, 3)]] void error(const char* format, ...) noexcept;
    [[gnu::format(printf, 2, 3)]] void warning(const char* format, ...) noexcept;
    [[gnu::format(printf, 2, 3)]] void notice(const char* format, ...) noexcept;
    [[gnu::format(printf, 2, 3)]] void info(const char* format, ...) noexcept;

    /// From now on the console gets what the kernel would not print there by itself.
    void show_on_console() noexcept;
    void hide_from_console() noexcept { on_console_ = false; }

    /// Descriptor of the console for text of other kinds (the rescue shell's banner); -1 if none.
    int console_fd() const noexcept { return console_.get(); }
    int kernel_log_fd() const noexcept { return kmsg_.get(); }
    bool is_on_console() const noexcept { return on_console_; }

  private:
    void write(Level level, std::string_view text) noexcept;
    void write_line(int fd, std::string_view line) noexcept;
    bool kernel_prints(Level level) const noexcept;
    Duration patience() const noexcept;

    UniqueFd kmsg_;
    UniqueFd console_;
    bool on_console_ = false;
    int kernel_console_level_ = 0;
    std::uint64_t dropped_ = 0;
    pid_t owner_ = ::getpid();
};

}  // namespace mainstay::init
