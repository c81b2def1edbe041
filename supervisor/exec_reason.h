/// Why the kernel refused to execute a program, in words: its errno often names another file than
/// the one that was asked for. Looks afterwards, in the parent; what it finds may have changed
/// since.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mainstay::supervisor {

/// @param path of the program, as the supervisor sees it
/// @param root what a `#!` line's path is below: the chroot, or empty
/// @returns empty where the errno says enough
std::string exec_reason(const std::string& path, const std::string& root, int code);

/// PURE. The interpreter of a script by its first bytes, as execve(2) reads it.
/// @returns nothing where there is no `#!`
std::optional<std::string> interpreter_of(std::string_view first_bytes);

/// PURE. "nofile" for RLIMIT_NOFILE; "?" for what is none.
std::string_view limit_name(int resource) noexcept;

}  // namespace mainstay::supervisor
