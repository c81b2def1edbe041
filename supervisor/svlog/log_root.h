/// The directory below which all files of svlog lie: made where it is missing, locked against a
/// second svlog, noticed when something is mounted over it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "common/result.h"
#include "common/unique_fd.h"

namespace mainstay::svlog {

/// Rights of what is made: directories 0750, files 0640, of a group whose members may read.
inline constexpr mode_t kDirectoryMode = 0750;
inline constexpr mode_t kFileMode = 0640;

class LogRoot {
  public:
    /// @param path empty: there is none, and nothing is ever written
    explicit LogRoot(std::string path) : path_(std::move(path)) {}

    void set_group(std::optional<gid_t> group) noexcept { group_ = group; }

    bool is_wanted() const noexcept { return !path_.empty(); }
    bool is_open() const noexcept { return fd_.valid(); }
    const std::string& path() const noexcept { return path_; }
    int fd() const noexcept { return fd_.get(); }
    std::optional<gid_t> group() const noexcept { return group_; }

    /// Opens it, made with its parents where it is missing. Does nothing where it is open.
    /// EBUSY: another svlog writes there.
    Result<void> open();
    void close() noexcept { fd_.reset(); }

    /// Whether the path leads to another directory now than the one that is open.
    bool has_moved() const noexcept;

  private:
    Result<void> make_directories() const;

    std::string path_;
    std::optional<gid_t> group_;
    UniqueFd fd_;
};

}  // namespace mainstay::svlog
