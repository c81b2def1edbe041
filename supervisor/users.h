/// Users and groups by /etc/passwd and /etc/group alone: a static program has no name services
/// (NSS), so who is known only to a directory server or to nscd has no name here, but still has a
/// number. The texts are read when a process is made, and again when the files have changed.
///
/// The functions over texts are pure; UserFiles is the edge.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

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

/// A file's text, kept while the file is the same by inode, size and time.
class CachedText {
  public:
    explicit CachedText(std::string path) : path_(std::move(path)) {}

    /// Empty where the file cannot be read.
    std::string_view read();

  private:
    std::string path_;
    std::string text_;
    struct stat seen_ {};
};

class UserFiles {
  public:
    explicit UserFiles(std::string passwd = "/etc/passwd", std::string group = "/etc/group")
        : passwd_(std::move(passwd)), group_(std::move(group)) {}

    Result<Identity, ExecFault> resolve(const ProcessSettings& settings);

  private:
    CachedText passwd_;
    CachedText group_;
};

}  // namespace mainstay::supervisor
