/// One `supervise` directory of runit's: made where it is missing, locked, its fifos open, its
/// files written. Who has it open is who supervises the service, as runsv has it. Two descriptors:
/// the lock, and one for the fifo; `ok` is another name of `control`. (Three where somebody else
/// made two fifos.) What is there already keeps its mode and owner: giving users `control` and `ok`
/// is how runit lets them command a service.
///
/// No call here waits for anybody.
#pragma once

#include <string>

#include "common/result.h"
#include "common/runit_status.h"
#include "common/unique_fd.h"

namespace mainstay::supervisor {

struct SuperviseFault {
    enum class Kind : std::uint8_t {
        ReadOnly,     ///< nothing can be written there
        Held,         ///< its lock is another's
        Fading,       ///< nobody that can be seen has its lock: it may soon be free
        Descriptors,  ///< services need what is left of them
        Other,
    };
    Kind kind = Kind::Other;
    std::string message;      ///< what was tried, on what, and why it failed
    std::string path;         ///< on what
    const char* action = "";  ///< what was tried; empty: it is there and no fifo
    int code = 0;             ///< errno
    std::int32_t holder = 0;  ///< of the lock: its pid; 0: not known
};

class SuperviseDir {
  public:
    /// @param directory its name, or that of a symbolic link to where it is or shall be
    /// @param status what is true now: it is there before anybody can find us to be there
    static Result<SuperviseDir, SuperviseFault> open(std::string directory,
                                                     const RunitStatus& status);

    /// For reading commands; never blocks, and never at its end.
    int control() const noexcept { return control_.get(); }

    /// Renames new files into place: first `pid` where it is another, then `stat` and `status`.
    Result<void> write(const RunitStatus& status);

    /// Whether what is written here is gone when the machine ends (tmpfs, ramfs).
    bool is_in_memory() const noexcept;

    /// Nobody can find the service supervised any more. The lock is kept.
    void close_fifos() noexcept;

    /// The same, and writes for the last time: in place, as nobody is to read while it is done.
    Result<void> write_last(const RunitStatus& status);

    const std::string& path() const noexcept { return path_; }

  private:
    enum class Old : std::uint8_t { NotLonger, Longer };
    Result<void> replace(const char* name, std::string_view content) const;
    Result<void> overwrite(const char* name, std::string_view content, Old old) const;

    std::string path_;
    UniqueFd lock_;
    UniqueFd control_;
    UniqueFd ok_;  ///< where it is a fifo of its own
    std::uint32_t written_pid_ = 0;
    std::uint8_t stat_size_ = 0;  ///< of what was written last; the longest has some 40 bytes
    bool has_written_ = false;
};

}  // namespace mainstay::supervisor
