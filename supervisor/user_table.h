/// PURE. Users and groups by the texts of /etc/passwd and /etc/group, see passwd(5) and group(5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "supervisor/definition.h"
#include "supervisor/os_processes.h"

namespace mainstay::supervisor {

/// Whom a process runs as. What the settings do not say is the user's own.
struct Identity {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::vector<std::uint32_t> groups;  ///< supplementary
    std::string name;                   ///< of the user; empty where only a number is known
    std::string home;                   ///< empty: not known
    std::string shell;                  ///< empty: not known

    friend bool operator==(const Identity&, const Identity&) = default;
};

/// Finds out whom `user`, `group` and `supplementary-groups` mean. A number needs no entry; a user
/// given by a number that has none runs with the group of that number unless `group` says another.
/// Without a user the supervisor's own stays (@p own_uid, @p own_gid).
/// @param passwd, group texts of the files, of passwd(5) and group(5); lines that are none are
/// skipped
/// @returns a fault that names who is not there, and the nearest name that is
Result<Identity, ExecFault> resolve_identity(const ProcessSettings& settings,
                                             std::string_view passwd, std::string_view group,
                                             std::uint32_t own_uid, std::uint32_t own_gid);

/// Whether the settings ask for another identity than the supervisor's.
bool has_identity(const ProcessSettings& settings) noexcept;

}  // namespace mainstay::supervisor
