/// Puts the program that now lies on disk in the place of this one (docs/decisions/0060): a child
/// copies it into memory and executes the copy with --self-test; when nothing is on its way any
/// more, this process executes the copy. It stays the same process: its children stay its own, and
/// what else the next program needs PID 1 keeps, or the state file tells.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

#include "common/clock.h"
#include "common/result.h"
#include "common/unique_fd.h"
#include "supervisor/journal.h"
#include "supervisor/loop.h"
#include "supervisor/os_upgrade.h"
#include "supervisor/upgrade_note.h"

namespace mainstay::supervisor {

class Upgrade final : public Upgrades {
  public:
    /// What it asks the rest of the supervisor.
    struct Surroundings {
        /// Why it must not be; empty: it may.
        std::function<std::string()> obstacle;
        /// Whether all that PID 1 has to keep is on its way to it.
        std::function<bool()> is_handed_over;
        /// Whether all that clients have asked so far is answered, or being waited for.
        std::function<bool()> is_quiet;
        /// The last thing before the exec: what it is to be told. Its descriptors are made to
        /// survive; where the exec fails, they are closed on exec again.
        std::function<UpgradeNote()> note;
        /// state() is another.
        std::function<void()> changed;
    };

    /// @param argv of this process, with the program's absolute path first; the next one's too
    /// @param link number of the boot link's descriptor, which is to survive; -1: none
    Upgrade(Loop& loop, Journal& journal, char** argv, int link, Surroundings surroundings);
    ~Upgrade() override;

    /// What this program was told when it was executed. To be called before the loop runs.
    void tell_of(const UpgradeNote& note);

    void begin() override;
    const UpgradeState& state() const noexcept override { return state_; }

    /// All goes its way: the program before is not needed any more.
    void confirm();

  private:
    void set(UpgradeState::Stage stage, std::string why = {});
    void fail(const std::string& why);
    void fail(const Error& error);
    Result<void> start_test();
    void test_ended();
    void execute_when_quiet(MonotonicTime since);
    void execute();

    Loop& loop_;
    Journal& journal_;
    char** argv_;
    int link_;
    Surroundings os_;
    UpgradeState state_;
    UniqueFd program_;  ///< the copy
    UniqueFd answer_;
    pid_t child_ = 0;
    UniqueFd pidfd_;
    Watch watch_;  ///< of pidfd_; ends before it
    TimerId timer_ = kNoTimer;
};

/// The program's path for upgrades: as it was called, or where it lies if that is no whole path.
std::string program_path(const char* argv0);

}  // namespace mainstay::supervisor
