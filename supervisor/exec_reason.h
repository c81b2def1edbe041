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

/// Of a directory that is not there.
/// @returns empty unless the path itself is a link
std::string dangling_reason(const std::string& path);

}  // namespace mainstay::supervisor
