/// One log directory of svlogd: its lock, `current`, old files and processor.
///
/// As svlogd has it, what cannot be done is tried every three seconds until it can, and nothing is
/// read meanwhile: no line is lost to a full disk.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/unique_fd.h"
#include "supervisor/svlogd/config.h"

namespace mainstay::svlogd {

enum class Verbosity : std::uint8_t { Quiet, Verbose };

struct LogDirSettings {
    std::uint64_t line_max = 1000;
    Verbosity verbosity = Verbosity::Quiet;
};

class LogDir {
  public:
    LogDir(std::string name, LogDirSettings settings)
        : name_(std::move(name)), settings_(settings) {}

    /// Locks it, reads its config and opens `current`. @returns whether lines can be written there
    bool open();
    /// Marks `current` as whole.
    void close();
    bool is_open() const noexcept { return current_.valid(); }

    const Config& config() const noexcept { return config_; }

    void write(std::string_view bytes);
    /// Ends `current` where there is anything in it.
    void rotate();
    /// The one whose age ends first; nothing: it has none.
    std::optional<MonotonicTime> rotates_at() const noexcept { return rotates_at_; }

    /// @returns whether it was its processor that ended
    bool processor_ended(pid_t pid, int wait_status);
    /// Waits until what it processes is processed.
    void wait_for_processor();

  private:
    bool lock();
    void read_config();
    bool find_current();
    std::string old_name(char kind) const;
    void remove_oldest();
    std::vector<std::string> names() const;
    std::size_t write_some(std::string_view bytes);
    bool make_room() const;
    void start_processor();
    [[noreturn]] void become_processor() const;
    void finish_processing(int wait_status);
    std::string processed(char kind) const;

    void info(const std::string& what) const;
    void warn(const std::string& what) const;
    void warn(const std::string& what, int code) const;
    void until(const char* what, const std::function<bool()>& done) const;

    std::string name_;
    LogDirSettings settings_;
    Config config_;
    UniqueFd directory_;
    UniqueFd lock_;
    UniqueFd current_;
    std::uint64_t size_ = 0;
    std::optional<MonotonicTime> rotates_at_;
    pid_t processor_ = 0;
    std::string unprocessed_;  ///< what the processor reads
};

}  // namespace mainstay::svlogd
