/// Users and groups by /etc/passwd and /etc/group alone: a static program has no name services
/// (NSS), so who is known only to a directory server or to nscd has no name here, but still has a
/// number. The files are read when a process is made, and again when they have changed.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>
#include <utility>

#include "supervisor/user_table.h"

namespace mainstay::supervisor {

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
