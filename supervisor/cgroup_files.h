/// Directories and files of cgroup v2 below an open directory. Nothing here blocks or remembers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace mainstay::supervisor {

/// What the file says, at most 256 KiB of it; empty where it cannot be read.
/// @param directory or AT_FDCWD
std::string read_cgroup_file(int directory, const std::string& path);

Result<void> write_cgroup_file(int directory, const std::string& path, std::string_view text);

/// Names of the directories in @p path, in no order.
std::vector<std::string> cgroups_in(int directory, const std::string& path);

/// Processes in it and, as a service may divide its cgroup, below it.
std::vector<std::int32_t> cgroup_members(int directory, const std::string& path);

/// How many threads they have, as pids.current has it where that controller is on.
std::size_t cgroup_threads(int directory, const std::string& path);

/// Moves what is in @p from itself, not what is below it. Who cannot be moved stays.
void move_processes(const std::string& from, const std::string& to);

/// Removes it with all below it, as far as they are empty of processes.
void remove_cgroup(int directory, const std::string& path);

/// KILL to all of its members, who cannot fork meanwhile (cgroup.freeze, Linux 5.2) or are met
/// again until there are none.
void kill_cgroup(int directory, const std::string& path);

/// Where somebody was killed in the middle of that: whoever is in there, or born into it, goes on.
void thaw_cgroup(int directory, const std::string& path);

}  // namespace mainstay::supervisor
