/// Follows the directory of enabled services by inotify and tells what came, went, or leads
/// elsewhere.
///
/// inotify says nothing when a watched symlink is repointed, and only MOVE_SELF when a directory is
/// replaced. So these are watched: the directory, the directory that its name is in, those of the
/// links that it leads through (runit's `current`), and the one that its real path is in; whatever
/// concerns them re-arms all and reads again. A directory that is not there (yet, or any more)
/// changes nothing: the nearest ancestor is watched until it comes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/unique_fd.h"
#include "supervisor/journal.h"
#include "supervisor/loop.h"
#include "supervisor/scan_diff.h"

namespace mainstay::supervisor {

class ScanListener {
  public:
    ScanListener() = default;
    ScanListener(const ScanListener&) = delete;
    ScanListener& operator=(const ScanListener&) = delete;
    virtual ~ScanListener() = default;

    /// Around all that one reading of the directory tells.
    virtual void entries_begin() = 0;
    virtual void entries_end() = 0;
    /// @param path the scanned directory's, a slash and @p name
    virtual void entry_added(const std::string& name, const std::string& path) = 0;
    virtual void entry_removed(const std::string& name) = 0;
};

class Scan {
  public:
    /// Whether a directory that is not there is worth a message.
    enum class Missing : std::uint8_t { Unusual, Usual };

    Scan(Loop& loop, Journal& journal, ScanListener& listener, std::string directory,
         Missing missing = Missing::Unusual);

    /// Reads for the first time and begins to follow. @returns an Error where there is no inotify;
    /// what was read counts all the same.
    Result<void> start();

    /// Reads now what would be read when its changes are told.
    void look_again() { read_directory(); }

    /// Follows no more. Well before the end of the program: the kernel takes some 15 ms to let go
    /// of what was watched, and a close(2) within that time waits for it (Linux 6.18).
    void end();

  private:
    void on_events();
    bool is_of_interest(int watch, const char* name) const;
    void watch_again();
    void watch(const std::string& path, const std::string& name);
    void watch_place(const std::string& path);
    void read_directory();
    void use(Result<Entries> entries);
    Result<Entries> read_entries();
    void tell_oddities(std::map<std::string, std::string> found);
    void apply(const ScanDiff& diff);

    Loop& loop_;
    Journal& journal_;
    ScanListener& listener_;
    std::string directory_;
    Entries entries_;
    UniqueFd inotify_;
    bool has_ended_ = false;
    std::map<int, std::vector<std::string>> names_;  ///< by watch: names of interest; none: all
    Watch events_;
    bool said_missing_;
    std::map<std::string, std::string> said_not_services_;  ///< names and why, while they are there
};

}  // namespace mainstay::supervisor
