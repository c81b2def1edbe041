/// What init says when it is a command's PID 1, in the manner of the program whose name it has, so
/// that whoever reads logs for tini's or dumb-init's lines finds them.
///
/// What does not fit into a full pipe within a moment (kMessagePatience) is dropped, and then
/// nothing waits until there is room.
#pragma once

#include "init/container_options.h"

namespace mainstay::init {

class ContainerVoice {
  public:
    ContainerVoice(ContainerStyle style, Verbosity verbosity) noexcept
        : style_(style), verbosity_(verbosity) {}

    [[gnu::format(printf, 2, 3)]] void fatal(const char* format, ...) const noexcept;
    [[gnu::format(printf, 2, 3)]] void warning(const char* format, ...) const noexcept;
    [[gnu::format(printf, 2, 3)]] void info(const char* format, ...) const noexcept;
    [[gnu::format(printf, 2, 3)]] void debug(const char* format, ...) const noexcept;

  private:
    void say(Verbosity level, const char* format, va_list args) const noexcept;

    ContainerStyle style_;
    Verbosity verbosity_;
    mutable bool is_in_the_way_ = false;  ///< whoever reads, or also writes
};

/// `-h`, `--version` and `-l`, where and in the form that each of the programs has.
/// @param name the program's name as it was called
void print_container_help(ContainerStyle style, const char* name) noexcept;
void print_container_version(ContainerStyle style) noexcept;
void print_container_license() noexcept;

}  // namespace mainstay::init
