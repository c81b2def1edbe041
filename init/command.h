/// PURE. Turns the process field of an inittab line into what execve(2) takes, as busybox init
/// does: a leading `-` makes a login shell (argv[0] keeps the dash), shell metacharacters hand the
/// line to
/// `/bin/sh -c "exec …"`, anything else is split at blanks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/fixed.h"

namespace mainstay::init {

inline constexpr std::size_t kMaxWords = 255;

struct Command {
    bool login = false;                             ///< the field began with `-`
    const char* path = nullptr;                     ///< what to execute; no slash: look in PATH
    std::array<const char*, kMaxWords + 1> argv{};  ///< ends with a null pointer

    /// Holds what path and argv point to: a Command is filled in place and never copied.
    FixedString<2 * 1024 + 64> text;

    Command() = default;
    Command(const Command&) = delete;
    Command& operator=(const Command&) = delete;
};

enum class CommandRules : std::uint8_t {
    Busybox,
    Sysvinit,         ///< the shell gets the line without an `exec`, and `#` ends a plain one
    SysvinitNoShell,  ///< the same, split at blanks whatever is in it
};

/// Fills @p command from @p process, at most kMaxInittabLine bytes. Words beyond kMaxWords are
/// dropped.
void parse_command(std::string_view process, CommandRules rules, Command& command) noexcept;

}  // namespace mainstay::init
