/// The files of one service: `current`, which is appended to, and those that were finished before
/// it. A full one is renamed to the time of its end; nothing is ever renamed over, and a kill at
/// any moment leaves whole files under one name or the other.
///
/// Nothing waits for the disk but write(2) itself: the kernel writes back in its own time. A loss
/// of power can cost the newest seconds; what ended in mid-line then is ended by a newline.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/result.h"
#include "common/unique_fd.h"
#include "supervisor/svlog/arena.h"
#include "supervisor/svlog/log_root.h"
#include "supervisor/svlog/settings.h"

namespace mainstay::svlog {

class LogFiles {
  public:
    /// @param root borrowed, outlives this
    /// @param directory below it
    LogFiles(const LogRoot& root, std::string directory)
        : root_(root), directory_(std::move(directory)) {}

    bool is_open() const noexcept { return current_.valid(); }

    /// Opens or makes `current`. Where it is the file of @p mark it is cut to the size that is
    /// known to be good; otherwise a last line without an end is ended.
    Result<void> open(const Settings& settings, const FileMark& mark);
    void close() noexcept { current_.reset(); }

    /// Appends, whole or not at all. ENOSPC also where less of the file system is free than the
    /// settings ask for and no older file is left to be deleted.
    Result<void> append(std::string_view lines, const Settings& settings);

    /// Finishes `current` and begins another; deletes what is outdated.
    Result<void> rotate(const Settings& settings);

    std::uint64_t size() const noexcept { return size_; }
    std::uint64_t inode() const noexcept { return inode_; }
    const std::string& directory() const noexcept { return directory_; }

    /// When something is to be done because of age; far away where nothing is.
    MonotonicTime due() const noexcept { return due_; }
    /// Those are other settings than before. What is too old already goes at once.
    void age_limit_changed(const Settings& settings);
    /// Rotates where `current` is too old, deletes files that are.
    Result<void> look_at_age(const Settings& settings);

  private:
    Result<void> make_directory() const;
    Result<void> open_current(int extra_flags);
    Result<void> mend(const FileMark& mark);
    void list_rotated();
    void delete_outdated(const Settings& settings);
    Result<void> make_room(std::uint64_t needed, const Settings& settings);
    bool delete_oldest();
    void set_due(const Settings& settings, Duration age_of_current);
    std::string path(std::string_view file) const;

    const LogRoot& root_;
    std::string directory_;
    UniqueFd current_;
    std::uint64_t size_ = 0;
    std::uint64_t inode_ = 0;
    std::uint64_t until_room_is_checked_ = 0;
    MonotonicTime due_ = MonotonicTime::max();
    std::vector<WallTime> rotated_;  ///< oldest first
    bool is_listed_ = false;         ///< all of them; else they are looked for again
};

WallTime wall_now() noexcept;

}  // namespace mainstay::svlog
