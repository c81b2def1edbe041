/// PURE. What the small files of a service directory say: single values, and the variables of
/// env/, as runit, s6 and chpst have them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/clock.h"

namespace mainstay::supervisor {

/// In the directory that holds a service's: what its services have where they say nothing.
inline constexpr char kDefaultsFile[] = "defaults.conf";

/// timeout-kill, timeout-finish: milliseconds; 0 means never, as s6 has it.
std::optional<Duration> parse_timeout_file(std::string_view text) noexcept;

/// notification-fd: a number from 3 to 1023.
std::optional<int> parse_notification_file(std::string_view text) noexcept;

/// down-signal: a name or a number.
std::optional<int> parse_signal_file(std::string_view text) noexcept;

/// A file of env/: its first line, without blanks at its end, NUL becoming a newline.
/// @returns nothing for an empty file: the variable is taken away.
std::optional<std::string> parse_variable_file(std::string_view text);

/// "getty@tty1" is instance "tty1" of the template "getty@"; empty where @p name is no instance.
std::string_view instance_in(std::string_view name) noexcept;

/// Whether a directory of this name is a template: "getty@".
bool is_template_name(std::string_view name) noexcept;

}  // namespace mainstay::supervisor
